import { expect, test } from 'vitest'
import { parseDotenv } from './dotenv.ts'

const read = (text: string): Record<string, string> => Object.fromEntries(parseDotenv(text))

test('reads names and values, quoted or not, with either line end', () => {
  expect(read('A=1\r\nB="two words"\r\nexport C=\'3\'\n')).toEqual({ A: '1', B: 'two words', C: '3' })
})

test('takes a value as it stands: nothing is expanded', () => {
  expect(read('A=$HOME/${USER}')).toEqual({ A: '$HOME/${USER}' })
})

test('a # begins a comment outside quotes only', () => {
  expect(read('A=pass#word\nB="pass#word" # why\n# C=3')).toEqual({ A: 'pass', B: 'pass#word' })
})

test('a quoted value may span lines', () => {
  expect(read('KEY="-----BEGIN-----\nabc=\n-----END-----"\nA=1')).toEqual({ KEY: '-----BEGIN-----\nabc=\n-----END-----', A: '1' })
})

test('a byte order mark, blanks before a name and a line without = do not change a name', () => {
  expect(read('\uFEFFA=1\n\tB=2\nexport  C=3\nnot a variable\nD=4')).toEqual({ A: '1', B: '2', C: '3', D: '4' })
})

test('what is no name is left out', () => {
  expect(read('a-b=1\n1A=2\n"Q"=3\nA=1')).toEqual({ A: '1' })
})

test('an empty value is a value, and the last of two wins', () => {
  expect(read('A=\nB=1\nB=2')).toEqual({ A: '', B: '2' })
})
