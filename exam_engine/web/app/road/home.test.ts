import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { forgetHome, home, keepHome, loadHome } from './home'
import type { Home } from './shapes'

const at = (place: string): Home => ({ place }) as Home
let answers: ((home: Home) => void)[] = []

beforeEach(() => {
  answers = []
  forgetHome()
  vi.stubGlobal('fetch', () => new Promise((resolve) => answers.push((one) => resolve(Response.json(one)))))
})
afterEach(() => vi.unstubAllGlobals())

/** The client asks only in a later turn. */
const asked = (count: number): Promise<void> => vi.waitFor(() => expect(answers.length).toBe(count))

it('an answer that a later question has overtaken changes nothing', async () => {
  const first = loadHome()
  await asked(1)
  const second = loadHome()
  await asked(2)
  answers[1]?.(at('notice'))
  await second
  answers[0]?.(at('bind'))
  expect((await first).place).toBe('notice')
  expect(home.value?.place).toBe('notice')
})

it('what an act answered is newer than a question under way', async () => {
  const question = loadHome()
  await asked(1)
  keepHome(at('home'))
  answers[0]?.(at('notice'))
  await question
  expect(home.value?.place).toBe('home')
})

it('who logged out is not remembered by an answer that comes late', async () => {
  const question = loadHome()
  await asked(1)
  forgetHome()
  answers[0]?.(at('home'))
  await question
  expect(home.value).toBeNull()
})
