import type { RequiredSecret } from '@santokit/bridge/manifest'
import type { ResolvedProject } from '../config/resolved.ts'
import { declaredSecrets, targetCredentials } from './declared.ts'

/** What a template is for: a developer's `.env`, `docker run --env-file`, `kubectl apply`, or `docker compose`. */
export type SecretsTemplateFormat = 'dotenv' | 'docker-env' | 'k8s-secret' | 'compose'

export const SECRETS_TEMPLATE_FORMATS: readonly SecretsTemplateFormat[] = ['dotenv', 'docker-env', 'k8s-secret', 'compose']

type TemplateProject = Pick<ResolvedProject, 'name' | 'databases' | 'auth' | 'secrets' | 'targets' | 'declarations'>

/**
 * Lists the secrets that projects need as a file to fill in: names only, grouped by project, with what uses each.
 *
 * `dotenv` also holds the credentials that releasing needs; the other formats are for where a Bridge runs, which must not
 * have them. The same projects give the same text.
 */
export function secretsTemplate(projects: readonly TemplateProject[], format: SecretsTemplateFormat): string {
  const sorted = projects.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return WRITERS[format](sorted).join('\n').concat('\n')
}

const WRITERS: Readonly<Record<SecretsTemplateFormat, (projects: readonly TemplateProject[]) => readonly string[]>> = {
  'dotenv': dotenv,
  'docker-env': dockerEnv,
  'k8s-secret': kubernetesSecret,
  'compose': compose,
}

/** `NAME=` lines. A name stands once, since a later line would replace the earlier one. */
function dotenv(projects: readonly TemplateProject[]): readonly string[] {
  const holders = new Map<string, string>()
  const lines = ['# Copy to .env, fill in, and keep it out of git. Quote a value that holds a # or a blank.']
  for (const project of projects) {
    lines.push('', `# ${project.name}`)
    const needed = [...declaredSecrets(project), ...targetCredentials(project)]
    if (needed.length === 0) lines.push('# (needs no secret)')
    for (const secret of needed) {
      const holder = holders.get(secret.name)
      lines.push(...comment(secret, project))
      if (holder !== undefined) {
        lines.push(`# ${secret.name} stands above, under ${holder}`)
      } else if (Object.hasOwn(project.secrets, secret.name)) {
        // Not from where: a value may have been pasted there, and this file is committed.
        lines.push(`# ${secret.name} is read from where the config says`)
      } else {
        lines.push(`${secret.name}=`)
        holders.set(secret.name, project.name)
      }
    }
  }
  return lines
}

/** Bare names: docker passes on each from its own environment, so that the file never has to hold a value. */
function dockerEnv(projects: readonly TemplateProject[]): readonly string[] {
  return [
    '# docker run --env-file: a bare name is passed on from the environment that docker runs in.',
    ...projects.flatMap((project) => ['', `# ${project.name}`, ...declaredSecrets(project).flatMap((secret) => [...comment(secret, project), secret.name])]),
  ]
}

/** One Secret a project, for `envFrom: [{ secretRef: { name } }]`. */
function kubernetesSecret(projects: readonly TemplateProject[]): readonly string[] {
  return projects.flatMap((project, index) => {
    const secrets = declaredSecrets(project)
    return [
      ...(index === 0 ? [] : ['---']),
      `# ${project.name}: fill in a copy outside git, then kubectl apply --server-side -f -`,
      'apiVersion: v1',
      'kind: Secret',
      'metadata:',
      `  name: ${project.name}-secrets`,
      'type: Opaque',
      secrets.length === 0 ? 'stringData: {}' : 'stringData:',
      ...secrets.flatMap((secret) => [...comment(secret, project).map((line) => `  ${line}`), `  ${secret.name}: ""`]),
    ]
  })
}

/** A service a project, to merge into a compose file: a required name that is not set stops `docker compose up`. */
function compose(projects: readonly TemplateProject[]): readonly string[] {
  return [
    '# Values come from the environment that docker compose runs in, or its --env-file.',
    'services:',
    ...projects.flatMap((project) => {
      const secrets = declaredSecrets(project)
      return [
        `  ${project.name}:`,
        secrets.length === 0 ? '    environment: {}' : '    environment:',
        ...secrets.flatMap((secret) => [
          ...comment(secret, project).map((line) => `      ${line}`),
          `      ${secret.name}: \${${secret.name}${secret.optional ? ':-' : `:?${secret.name} is not set`}}`,
        ]),
      ]
    }),
  ]
}

/** What it is for, in the words of the config; then what uses it, and what it must look like. */
function comment({ name, usedBy, optional }: RequiredSecret, { declarations }: TemplateProject): readonly string[] {
  const { type, description } = declarations?.[name] ?? {}
  const notes = [...(type === undefined ? [] : [type]), ...(optional ? ['optional'] : [])]
  return [...(description === undefined ? [] : [`# ${description}`]), `# ${usedBy.join(', ')}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`]
}
