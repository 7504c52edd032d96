import { open, rename, rm } from 'node:fs/promises'
import { relative } from 'node:path'
import type { TargetContext } from '@santokit/core'
import type { ImagePackage } from '../package.ts'
import type { ImageSettings } from '../options.ts'
import { dockerArchive, imageForHere } from './docker-archive.ts'
import { engineSocket, loadIntoEngine } from './docker-engine.ts'
import { readOutput, type Output } from './where.ts'
import { writeLayout } from './write-layout.ts'

/** Writes an image where `--output` says, if it says anything. @returns one line for a person. */
export async function exportImage(pkg: ImagePackage, ctx: TargetContext<ImageSettings>): Promise<string | undefined> {
  const output = readOutput(ctx.flags.output, ctx.root)
  return output === undefined ? undefined : writeImage(pkg, output, ctx)
}

async function writeImage({ image, meta }: ImagePackage, output: Output, ctx: TargetContext<ImageSettings>): Promise<string> {
  const reference = `${ctx.options.repository}:${meta.tag}`
  if (output.kind === 'oci') {
    await writeLayout(image, meta.tag, output.path)
    return `${reference} is in oci:${shown(output.path, ctx.root)}`
  }
  const single = imageForHere(image)
  const archive = dockerArchive(image, single, reference)
  if (output.kind === 'docker') {
    await loadIntoEngine(engineSocket(process.env), archive, ctx.signal)
    return `${reference} (${single.platform}) is in the local engine`
  }
  await writeFileFrom(archive, output.path, ctx.signal)
  return `${reference} (${single.platform}) is in ${shown(output.path, ctx.root)}: docker load --input ${shown(output.path, ctx.root)}`
}

async function writeFileFrom(pieces: AsyncIterable<Uint8Array>, path: string, signal: AbortSignal): Promise<void> {
  const beside = `${path}.${process.pid}`
  const file = await open(beside, 'w')
  try {
    for await (const piece of pieces) {
      signal.throwIfAborted()
      await file.writeFile(piece)
    }
    await file.close()
    await rename(beside, path)
  } catch (error) {
    await file.close().catch(() => {})
    await rm(beside, { force: true })
    throw error
  }
}

function shown(path: string, root: string): string {
  const below = relative(root, path)
  return below === '' || below.startsWith('..') ? path : below
}
