/** Acts of this visit and how far each has come: sent, received by the device, or refused. */

import type { ActOutcome, ActTarget } from '../wire'
import type { ActKind } from './kinds'

export interface SentAct {
  actId: number
  kind: ActKind
  text: string
  minutes: number | null
  everybody: boolean
  sentAtMs: number
  targets: readonly ActTarget[]
}

export interface Tally {
  sent: number
  received: number
  refused: number
}

export const FOLLOW_MS = 10 * 60_000 // who has not received it by then is offline; the list of acts still tells
const KEPT_MAX = 50

export function tally(act: Pick<SentAct, 'targets'>): Tally {
  const counts: Tally = { sent: 0, received: 0, refused: 0 }
  for (const target of act.targets) {
    if (target.refused !== null) counts.refused += 1
    else counts.sent += 1
    if (target.refused === null && target.received) counts.received += 1
  }
  return counts
}

export function isFollowed(act: SentAct, nowMs: number): boolean {
  const { sent, received } = tally(act)
  return received < sent && nowMs - act.sentAtMs < FOLLOW_MS
}

/** Newest first; an act answered twice (a retry) stays one. */
export function remember(acts: readonly SentAct[], act: SentAct): SentAct[] {
  return [act, ...acts.filter((other) => other.actId !== act.actId)].slice(0, KEPT_MAX)
}

/** Take the server's newest word on one act. What a device has received it never un-receives. */
export function updated(acts: readonly SentAct[], outcome: ActOutcome): SentAct[] {
  return acts.map((act) => {
    if (act.actId !== outcome.act_id) return act
    const had = new Set(act.targets.filter((target) => target.received).map((target) => target.attempt_id))
    const targets = outcome.targets.map((target) =>
      had.has(target.attempt_id) ? { ...target, received: true } : target,
    )
    return { ...act, targets }
  })
}

/** Those who need a look come first: refused, then not yet received. */
export function byConcern(targets: readonly ActTarget[]): ActTarget[] {
  const rank = (target: ActTarget): number => (target.refused !== null ? 0 : target.received ? 2 : 1)
  return [...targets].sort((one, other) => rank(one) - rank(other))
}
