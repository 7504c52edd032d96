import type { Bundle } from '@santokit/core'
import { packLayer, type Layer } from './layer.ts'

/** The project itself: `/app/manifest.json` and `/app/bundle/…`. Holds nothing of an architecture. */
export function appLayer({ files, project }: Pick<Bundle, 'files' | 'project'>): Layer {
  return packLayer(files.map(({ path, bytes }) => ({ path: `app/${path}`, bytes })), `the project ${project}`)
}
