/**
 * Whom or what a line of the audit log is about: kept as `file 115 person 138`, read as 材料 115 · 人员 138. Whoever types
 * what he reads finds it, so the words are turned back for the question to the server.
 */

import zh from '@words/zh-CN/admin.json'

export const KINDS: readonly string[] = Object.keys(zh.audit.of)

/** The kinds of things that have words (`admin.audit.of`); `makeup plan` is written there as `makeup_plan`. */
export type Kinds = Readonly<Record<string, string>>

interface Part {
  kind: string
  which: string
}

const PART = /^(makeup plan|[a-z_]+) (\S+)(?: |$)/
const JOINT = ' · '

/** What was kept, in its parts; null if it is not made of kinds with words, as a login is not. */
function partsOf(subject: string, kinds: Kinds): Part[] | null {
  const parts: Part[] = []
  for (let rest = subject; rest !== ''; ) {
    const found = PART.exec(rest)
    const kind = found?.[1]?.replace(' ', '_') ?? ''
    if (found === null || !Object.keys(kinds).includes(kind)) return null
    parts.push({ kind, which: found[2] ?? '' })
    rest = rest.slice(found[0].length)
  }
  return parts
}

/** In words; `sayWhich` for what is no number, like a province. What has no words stands as it was kept. */
export function saySubject(subject: string, kinds: Kinds, sayWhich: (kind: string, which: string) => string): string {
  const parts = partsOf(subject, kinds) ?? []
  return parts.length === 0 ? subject : parts.map(({ kind, which }) => `${kinds[kind]} ${sayWhich(kind, which)}`).join(JOINT)
}

/** What is asked when somebody types the beginning of a subject as he reads it; anything else is asked as it is. */
export function askedOf(typed: string, kinds: Kinds): string {
  const parts = typed.trim().split(/\s*·\s*/).map((part) => {
    const kind = Object.keys(kinds).find((one) => part.startsWith(kinds[one] ?? '') && /^\s*[0-9]+$/.test(part.slice(kinds[one]?.length)))
    return kind === undefined ? null : `${kind.replace('_', ' ')} ${part.slice(kinds[kind]?.length).trim()}`
  })
  return parts.every((part) => part !== null) ? parts.join(' ') : typed.trim()
}
