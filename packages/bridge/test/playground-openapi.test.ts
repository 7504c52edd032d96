import { Validator } from '@seriousme/openapi-schema-validator'
import { openApiDocument } from '../src/openapi/document.ts'
import { buildProject, openLifecycle, selectProjects } from '@santokit/core/lifecycle'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

test.each(['shop', 'links'])('the OpenAPI document of %s is valid, and tells of its public side only', async (name) => {
  const { signal } = new AbortController()
  const cwd = fileURLToPath(new URL('../../..', import.meta.url))
  const ctx = await openLifecycle({ cwd, command: 'build', env: {}, report: () => {}, signal, interactive: false })
  onTestFinished(() => ctx.dispose())
  const [project] = selectProjects(ctx.config, [name])
  if (project === undefined) throw new Error(`There is no project ${name}.`)
  const { manifest } = (await buildProject(project, ctx, [])).bundle
  const document = JSON.parse(JSON.stringify(openApiDocument(manifest))) as Record<string, unknown>
  expect(await new Validator().validate(document)).toMatchObject({ valid: true })
  const text = JSON.stringify(document)
  for (const [path, entry] of Object.entries(manifest.logic)) expect(text.includes(JSON.stringify(path)), path).toBe(!entry.private)
})
