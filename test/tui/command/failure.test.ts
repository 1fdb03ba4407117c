import { InputError } from '@pagetrail/engine'
import { expect, test } from 'vitest'
import { inFile, reportFailure } from '../../../packages/tui/src/command/failure.ts'
import { memoryIo } from '../../support/cli.ts'

async function told(error: unknown): Promise<string> {
  const { io, err } = memoryIo()
  expect(await reportFailure(io, error)).toBe(2)
  return err()
}

const systemError = (code: string) => Object.assign(new Error(`${code}: open 'x'`), { code })

test('bad input is told in its own words', async () => {
  expect(await told(new InputError('no run 9'))).toBe('pagetrail: no run 9\n')
  expect(await told(InputError.of('calls[0]', 'is wrong'))).toBe('pagetrail: calls[0]: is wrong\n')
})

test('what the system reports comes with a remedy', async () => {
  expect(await told(systemError('ENOSPC'))).toContain('the disk is full: make room and try again')
  expect(await told(systemError('EACCES'))).toContain('check its permissions')
})

test('everything else is a bug, with its stack', async () => {
  const text = await told(new TypeError('x is not a function'))
  expect(text).toMatch(/^pagetrail: internal error; please report it/)
  expect(text).toContain('failure.test.ts')
})

const failing = (error: Error) => () =>
  inFile('a.json:3', () => {
    throw error
  })

test('inFile() says in which file bad input was', () => {
  expect(failing(new InputError('is wrong'))).toThrow('a.json:3: is wrong')
  expect(failing(InputError.of('init[2].va', 'is wrong'))).toThrow('a.json:3: init[2].va: is wrong')
  expect(failing(new RangeError('of its own'))).toThrow(RangeError)
})
