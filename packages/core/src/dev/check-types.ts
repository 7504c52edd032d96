import { readFileSync } from 'node:fs'
import { relative } from 'pathe'
import { StkError } from '../diagnostics/index.ts'
import { projectsOf, type Session } from './session.ts'
import { watchTypes, type TypeProblem } from './watch-types.ts'

/** Has types checked in the background, and shows what is wrong in the projects that are served. Nothing waits for it. */
export function checkTypes(session: Session): { close(): Promise<void> } | undefined {
  const { options: { env }, report, lifecycle: { config: { root } } } = session
  let known = new Set<string>()
  let began = performance.now()
  return watchTypes({
    root, env,
    ended: (why) => report({ type: 'note', level: 'warn', message: `types are no longer checked: tsc ended (${why})` }),
    found(problems) {
      const ours = problems.flatMap((problem) => {
        const project = projectsOf(session).find((each) => problem.file.startsWith(`${each.root}/`))
        return project === undefined ? [] : [{ problem, project: project.name }]
      })
      const appeared = ours.filter(({ problem }) => !known.has(keyOf(problem)))
      const [first, ...others] = appeared.map(({ problem, project }) => explain(problem, project, root))
      if (first !== undefined) report({ type: 'phase:failed', phase: 'check', project: first.details.project ?? '', ms: performance.now() - began, error: first.with({ others }) })
      else if (ours.length === 0 && known.size > 0) report({ type: 'note', level: 'info', message: 'the types are right again' })
      known = new Set(ours.map(({ problem }) => keyOf(problem)))
      began = performance.now()
    },
  })
}

/** A problem that only moved down a line is the same. */
function keyOf({ file, rule, message }: TypeProblem): string {
  return `${file} ${rule} ${message}`
}

function explain({ file, line, column, rule, message }: TypeProblem, project: string, root: string): StkError {
  const text = textOf(file)
  const rest = text.split('\n')[line - 1]?.slice(column - 1) ?? ''
  return new StkError('STK5007', {
    why: `${rule} ${message}`, project,
    where: { file: relative(root, file), line, column, length: Math.max(1, /^[\p{ID_Continue}$]+|^(["'`]).*?\1/u.exec(rest)?.[0].length ?? 1), text },
  })
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
