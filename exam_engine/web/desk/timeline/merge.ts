/**
 * One line of time of everything known about a candidate: his journal, incidents, captures, entry checks, signals.
 *
 * Signals and uneventful captures come by the hundred and would bury the rest: neighbours of one kind are folded into
 * one row that counts them. Whatever stands out keeps a row of its own.
 */

import type { CandidateView, CaptureRow, CheckRow, IncidentRow, SignalRow } from '../wall/shapes'
import type { TimelineEvent } from '../wire'
import { describe, type Described, type Group } from './describe'

const SIGNALS_APART_MS = 5 * 60_000 // further apart they are two stories
const CAPTURES_IN_ROW_MAX = 12

export type Row = { key: string; atMs: number; group: Group } & (
  | { type: 'event'; told: Described; received: Received | null }
  | { type: 'incident'; incident: IncidentRow }
  | { type: 'captures'; captures: CaptureRow[]; kind: string; low: number | null; high: number | null }
  | { type: 'check'; check: CheckRow }
  | { type: 'signals'; kind: string; count: number; forMs: number; lastMs: number }
)

/** Whether the candidate's device has a command: `acknowledged` by himself, `taken_in` by his device, or neither yet. */
export type Received = 'acknowledged' | 'taken_in' | 'not_yet'

const COMMANDS: ReadonlySet<string> = new Set([
  'warned',
  'paused',
  'resumed',
  'extended',
  'identity_locked',
  'identity_unlocked',
  'identity_accepted',
  'identity_refused',
  'annulled',
])

/** Oldest first. `seen` null: only the journal is known (or may be shown). */
export function merged(events: readonly TimelineEvent[], seen: CandidateView | null): Row[] {
  const rows = [...ofJournal(events, seen?.taken_in ?? null), ...(seen === null ? [] : ofWatching(seen))]
  return rows.map((row, at) => ({ row, at })).sort((a, b) => a.row.atMs - b.row.atMs || a.at - b.at).map(({ row }) => row)
}

function ofJournal(events: readonly TimelineEvent[], takenIn: number | null): Row[] {
  const acknowledged = new Set(
    events.filter((event) => event.kind === 'acknowledged').map((event) => noticeOf(event)),
  )
  return events.map((event): Row => {
    const told = describe(event)
    return {
      type: 'event',
      key: `event-${event.version}`,
      atMs: Date.parse(event.at),
      group: told.group,
      told,
      received: receivedOf(event, acknowledged, takenIn),
    }
  })
}

/** `takenIn` null: how far the device has come is not known here, and then nothing is claimed. */
function receivedOf(
  event: TimelineEvent,
  acknowledged: ReadonlySet<unknown>,
  takenIn: number | null,
): Received | null {
  if (!COMMANDS.has(event.kind)) return null
  if (event.kind === 'warned' && acknowledged.has(noticeOf(event))) return 'acknowledged'
  if (takenIn === null) return null
  return takenIn >= event.version ? 'taken_in' : 'not_yet'
}

function noticeOf(event: TimelineEvent): unknown {
  return (event.event as { notice?: unknown } | null)?.notice
}

function ofWatching(seen: CandidateView): Row[] {
  return [
    ...seen.incidents.map(
      (incident): Row => ({
        type: 'incident',
        key: `incident-${incident.incident_id}`,
        atMs: Date.parse(incident.at),
        group: 'watching',
        incident,
      }),
    ),
    ...seen.checks.map(
      (check): Row => ({
        type: 'check',
        key: `check-${check.check_id}`,
        atMs: Date.parse(check.begun_at),
        group: 'identity',
        check,
      }),
    ),
    ...foldedCaptures(seen.captures),
    ...foldedSignals(seen.signals),
  ]
}

export function foldedCaptures(captures: readonly CaptureRow[]): Row[] {
  const rows: (Row & { type: 'captures' })[] = []
  for (const capture of byTime(captures)) {
    const last = rows[rows.length - 1]
    const quiet = capture.kind === 'same' || capture.kind === 'unjudged'
    if (quiet && last?.kind === capture.kind && last.captures.length < CAPTURES_IN_ROW_MAX) {
      last.captures.push(capture)
      last.low = wider(last.low, capture.similarity, Math.min)
      last.high = wider(last.high, capture.similarity, Math.max)
      continue
    }
    rows.push({
      type: 'captures',
      key: `capture-${capture.picture}-${capture.at}`,
      atMs: Date.parse(capture.at),
      group: 'watching',
      captures: [capture],
      kind: capture.kind,
      low: capture.similarity,
      high: capture.similarity,
    })
  }
  return rows
}

function wider(one: number | null, other: number | null, pick: (a: number, b: number) => number): number | null {
  if (one === null || other === null) return one ?? other
  return pick(one, other)
}

/**
 * Neighbours of one kind in one row. Signals about one thing that lasts share their instant and tell of a longer and
 * longer time: only the longest of them counts.
 */
export function foldedSignals(signals: readonly SignalRow[]): Row[] {
  const rows: (Row & { type: 'signals' })[] = []
  const newest = new Map<string, Row & { type: 'signals' }>()
  for (const signal of byTime(episodes(signals))) {
    const atMs = Date.parse(signal.at)
    const last = newest.get(signal.kind)
    if (last !== undefined && atMs - last.lastMs <= SIGNALS_APART_MS) {
      last.count += 1
      last.forMs += signal.for_ms
      last.lastMs = atMs
      continue
    }
    const row: Row & { type: 'signals' } = {
      type: 'signals',
      key: `signals-${signal.kind}-${signal.at}`,
      atMs,
      group: 'watching',
      kind: signal.kind,
      count: 1,
      forMs: signal.for_ms,
      lastMs: atMs,
    }
    rows.push(row)
    newest.set(signal.kind, row)
  }
  return rows
}

function episodes(signals: readonly SignalRow[]): SignalRow[] {
  const longest = new Map<string, SignalRow>()
  for (const signal of signals) {
    const key = `${signal.device} ${signal.kind} ${signal.at}`
    if ((longest.get(key)?.for_ms ?? -1) < signal.for_ms) longest.set(key, signal)
  }
  return [...longest.values()]
}

function byTime<T extends { at: string }>(all: readonly T[]): T[] {
  return [...all].sort((one, other) => Date.parse(one.at) - Date.parse(other.at))
}
