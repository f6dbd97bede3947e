/** An error as the server says it: a code from a closed set and the facts about it. The words are ours. */
import type { Facts } from './shapes'

export class Problem extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly facts: Facts = {},
  ) {
    super(code)
  }

  /** Nothing was heard at all, or the server is in trouble: trying again may help. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem('unknown', -1)
}

interface Words {
  t: (key: string, named: Record<string, unknown>) => string
  te: (key: string) => boolean
}

/** The sentence for a code; a code without one is shown with its name, so that a help desk can find it. */
export function sentence(words: Words, code: string, facts: Facts = {}): string {
  // The clock of the throttle is an hour or a day: "a little" would be tried again in vain.
  const minutes = Math.ceil(Number(facts['retry_after_s'] ?? 0) / 60)
  if (code === 'too_many_tries' && minutes > 1) return words.t('shared.triesAgain', { minutes })
  const key = `codes.${code}`
  return words.te(key) ? words.t(key, facts) : words.t('codes.unknown', { code })
}
