import { z } from 'zod'

/** What wrangler wrote of a run, line by line, to the file of `WRANGLER_OUTPUT_FILE_PATH`. */
export type WranglerOutcome =
  | { readonly kind: 'uploaded'; readonly version: string; readonly previewUrl: string | undefined }
  | { readonly kind: 'failed'; readonly code: number | undefined; readonly message: string }
  /** It ended before it could say. */
  | { readonly kind: 'silent' }

const uploaded = z.object({
  type: z.enum(['deploy', 'version-upload']),
  version_id: z.string().min(1),
  preview_alias_url: z.string().nullish(),
  preview_url: z.string().nullish(),
})

const failed = z.object({ type: z.literal('command-failed'), code: z.number().nullish(), message: z.string().nullish() })

/** Reads the lines of the output file. Those of other kinds, and what is cut off, count for nothing. */
export function readOutput(text: string): WranglerOutcome {
  const entries = text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as unknown]
    } catch {
      return []
    }
  })
  for (const entry of entries.reverse()) {
    const failure = failed.safeParse(entry)
    if (failure.success) return { kind: 'failed', code: failure.data.code ?? undefined, message: failure.data.message ?? '' }
    const upload = uploaded.safeParse(entry)
    if (upload.success) {
      return { kind: 'uploaded', version: upload.data.version_id, previewUrl: upload.data.preview_alias_url ?? upload.data.preview_url ?? undefined }
    }
  }
  return { kind: 'silent' }
}
