import { placeFlags, StkError, type Bundle, type TargetContext } from '@santokit/core'
import type { ImageSettings } from '../options.ts'
import { isTag, parseReference } from '../registry/reference.ts'

type Context = Pick<TargetContext<ImageSettings>, 'project' | 'target' | 'environment' | 'options' | 'flags' | 'revision'>

/** Characters of a commit that stand in a tag. */
const REVISION = 12

/**
 * How the release's tag is made from what is known of the image's content.
 *
 * @throws StkError STK1020 if `--tag` is not one, or is another project's.
 */
export function releaseTag(ctx: Context, bundle: Pick<Bundle, 'digest'>): (content: string) => string {
  const asked = askedTag(ctx)
  if (asked !== undefined) return () => asked
  const revision = ctx.revision === undefined ? undefined : ctx.revision.endsWith('-dirty') ? 'dirty' : ctx.revision.slice(0, REVISION)
  const template = ctx.options.tag ?? (revision === undefined ? 'sha-{content}' : 'sha-{revision}-{content}')
  const values = { revision: revision ?? 'none', project: ctx.project.name, bundle: bundle.digest.slice('sha256:'.length, 'sha256:'.length + REVISION) }
  return (content) => fill(template, { ...values, content })
}

/** Whether a tag may come up for two images: then it is looked at before anything is planned. */
export function isChosenTag({ options, flags }: Pick<Context, 'options' | 'flags'>): boolean {
  return flags.tag !== undefined || (options.tag !== undefined && !options.tag.includes('{content}'))
}

/** The tag that names what is live. @throws StkError STK4007 if the environment's name cannot be part of one. */
export function liveTag({ options, environment, project }: Pick<Context, 'options' | 'environment' | 'project'>): string {
  const tag = fill(options.live, { environment, project: project.name })
  if (isTag(tag) && isTag(`${tag}.releases`)) return tag
  throw new StkError('STK4007', { why: `"${tag}" cannot be a tag.`, fix: 'Name the environment with letters, digits, "_", "." and "-", or set `live`.' })
}

/** The tag of the list of releases. */
export function historyTag(live: string): string {
  return `${live}.releases`
}

/** `--tag sha-1a2b3c`, or with the project's or repository's name before it, as docker's users write it: `shop:sha-1a2b3c`. */
function askedTag({ flags, project, target, options, environment }: Context): string | undefined {
  const { tag: given } = flags
  if (typeof given !== 'string') return undefined
  const colon = given.lastIndexOf(':')
  const [name, tag] = colon === -1 ? [undefined, given] : [given.slice(0, colon), given.slice(colon + 1)]
  if (!isTag(tag)) throw new StkError('STK1020', { why: `--tag gives "${tag}", which is not a tag.`, fix: 'Letters, digits, "_", "." and "-", 128 at most.' })
  const { repository } = parseReference(options.repository)
  if (name !== undefined && ![project.name, options.repository, repository, repository.split('/').at(-1)].includes(name)) {
    throw new StkError('STK1020', {
      why: `--tag names "${name}", and ${project.name} → ${target.name} goes to ${options.repository}.`,
      fix: [`stk deploy ${target.name} ${placeFlags({ project, environment })} --tag ${tag}`, 'With several projects, name one: --project NAME'],
    })
  }
  return tag
}

function fill(template: string, values: { readonly [name: string]: string }): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
}
