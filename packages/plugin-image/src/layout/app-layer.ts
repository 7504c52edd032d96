import type { Bundle } from '@santokit/core'
import type { ContentCache } from '../base/cache.ts'
import { packLayerInParts, type Layer } from './layer.ts'

/** The project itself: `/app/manifest.json` and `/app/bundle/…`. Holds nothing of an architecture. */
export async function appLayer({ files, project }: Pick<Bundle, 'files' | 'project'>, cache: ContentCache): Promise<Layer> {
  return packLayerInParts(files.map(({ path, bytes }) => ({ path: `app/${path}`, bytes })), `the project ${project}`, cache)
}
