import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { unpackTar } from 'modern-tar'
import type { Blob } from '../src/oci/types.ts'

/** Unpacks layers over one another, as a container engine would. */
export async function unpackLayers(layers: readonly Blob[], folder: string): Promise<void> {
  for (const layer of layers) {
    for (const { header, data } of await unpackTar(gunzipSync(await layer.open()))) {
      const path = join(folder, header.name)
      if (header.type === 'directory') await mkdir(path, { recursive: true })
      else {
        await mkdir(dirname(path), { recursive: true })
        await writeFile(path, data ?? new Uint8Array())
      }
    }
  }
}
