import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isStkError, positionAt, StkError, type SourceLocation } from '../diagnostics/index.ts'
import { displayPath } from './find.ts'

/**
 * Says why a config file could not be run: where its syntax is wrong, which module is missing, or what it threw.
 *
 * @param file the file that was being run; the fault may lie in one it imports. Absolute.
 */
export function loadFailure(error: unknown, file: string, root: string): StkError {
  if (isStkError(error)) return error
  const message = error instanceof Error ? error.message : String(error)
  return syntaxFailure(message, root) ?? missingModule(error, message, file, root) ?? thrown(error, message, file, root)
}

/** The same for a config in JSON. */
export function jsonFailure(error: unknown, file: string, text: string, root: string): StkError {
  const message = error instanceof Error ? error.message : String(error)
  const offset = /at position (\d+)/.exec(message)?.[1]
  return new StkError('STK1002', {
    why: `${displayPath(root, file)} is not valid JSON: ${message.replace(/ (?:in JSON )?at position[^]*$|, (?:\.\.\.)?"[^]*$/, '')}.`,
    fix: 'Correct the file, or write it in TypeScript: comments and trailing commas are allowed there.',
    where: { file: displayPath(root, file), text, ...(offset === undefined ? {} : positionAt(text, Number(offset))) },
    cause: error,
  })
}

/** Jiti reports what babel found as `ParseError: <what> \n <file>:<line>:<column>`, the column from 0. */
function syntaxFailure(message: string, root: string): StkError | undefined {
  const [, what, file, line, column] = /^\w*Error: ([^]*?)\s*\n\s*(.+):(\d+):(\d+)\s*$/.exec(message) ?? []
  if (what === undefined || file === undefined) return undefined
  return new StkError('STK1002', {
    why: `${displayPath(root, file)} cannot be read: ${sentence(what)}`,
    fix: 'Correct the syntax at the marked place.',
    where: { ...placeIn(file, root, Number(line)), column: Number(column) + 1 },
  })
}

function missingModule(error: unknown, message: string, file: string, root: string): StkError | undefined {
  const [, name] = /^Cannot find (?:module|package) '([^']+)'/.exec(message) ?? []
  const { code } = error as { readonly code?: unknown }
  if (name === undefined || (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND')) return undefined
  const isPath = /^[./]|^[A-Za-z]:|^file:/.test(name)
  return new StkError('STK1002', {
    why: `${displayPath(root, file)} imports "${name}", ${isPath ? 'and there is no such file' : 'which is not installed'}.`,
    fix: isPath ? 'Correct the path. Relative paths begin at the importing file.' : `npm install --save-dev ${packageOf(name)}`,
    where: stackPlace(error, file, root),
    cause: error,
  })
}

function thrown(error: unknown, message: string, file: string, root: string): StkError {
  return new StkError('STK1002', {
    why: `${displayPath(root, file)} failed while it was run: ${sentence(message)}`,
    fix: 'The config is a program: correct what it does at the marked place.',
    where: stackPlace(error, file, root),
    cause: error,
  })
}

/**
 * The topmost frame of the person's own code. Compilation keeps lines but not columns, so a column is not given.
 * Frames below our own are how we got there.
 */
function stackPlace(error: unknown, file: string, root: string): SourceLocation {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  for (const frame of stack.split('\n').filter((line) => /^\s+at /.test(line))) {
    const [, path, line] = /(?:\(|at (?:async )?)((?:file:\/\/)?(?:\/|[A-Za-z]:)[^()]*?):(\d+):\d+\)?$/.exec(frame) ?? []
    if (path === undefined) continue
    const absolute = path.startsWith('file:') ? fileURLToPath(path) : path
    if (absolute.startsWith(OWN_FOLDER)) break
    if (/[\\/]node_modules[\\/]/.test(absolute)) continue // jiti's own, and those of packages
    return placeIn(absolute, root, Number(line))
  }
  return placeIn(file, root)
}

const OWN_FOLDER = dirname(fileURLToPath(import.meta.url))

function placeIn(file: string, root: string, line?: number): SourceLocation {
  try {
    return { file: displayPath(root, file), line, text: readFileSync(file, 'utf8') }
  } catch {
    return { file: displayPath(root, file), line }
  }
}

function packageOf(name: string): string {
  return name.split('/').slice(0, name.startsWith('@') ? 2 : 1).join('/')
}

/** Babel and engines end their messages each in their own way. */
function sentence(message: string): string {
  return `${message.trim().replace(/\s*\(\d+:\d+\)$/, '').replace(/[.\s]+$/, '')}.`
}
