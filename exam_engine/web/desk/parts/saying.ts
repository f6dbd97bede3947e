/** From codes of the server to sentences. */

import { type Problem, sentence } from '@shared/problem'

export interface Words {
  t: (key: string, named: Record<string, unknown>) => string
  te: (key: string) => boolean
}

/** The desk's own sentence for a code where it has one (it speaks of the candidate), else everybody's. */
export function sayCode(words: Words, code: string, facts: Record<string, unknown> = {}): string {
  const own = `desk.codes.${code}`
  return words.te(own) ? words.t(own, facts) : sentence(words, code, facts as Parameters<typeof sentence>[2])
}

export function sayProblem(words: Words, problem: Problem): string {
  return sayCode(words, problem.code, problem.facts)
}

/** The words under `key`, or what the server said when a newer server says something this page does not know. */
export function known(words: Words, key: string, otherwise: string): string {
  return words.te(key) ? words.t(key, {}) : otherwise
}
