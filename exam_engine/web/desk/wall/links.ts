/**
 * Short-lived links to pictures: asked for in batches, for what is in sight, and kept until shortly before they end.
 *
 * A link is needed only while a picture is being fetched: what is on the screen stays there when its link has ended.
 * So nothing is renewed by a clock; whoever comes into sight later, or fails to load, asks again.
 */

import { asProblem, type Problem } from '@shared/problem'
import type { PictureKey, PictureLinks } from './shapes'

export const BATCH_MAX = 400 // the server's limit
export const GATHER_MS = 150
export const SPARE_MS = 20_000 // a link that ends sooner is not begun with
export const MISSING_MS = 60_000 // a picture that was not there is asked for again after this
const RETRY_MS_MIN = 2_000
const RETRY_MS_MAX = 30_000
const HELD_MAX = 20_000

export interface Wanting {
  attemptId: number
  picture: string
  /** The address; "" when there is no such picture (any more). */
  url(url: string): void
  problem?(problem: Problem): void
}

export interface Ports {
  ask(pictures: PictureKey[]): Promise<PictureLinks>
  /** The server's time: `until` is on it. */
  nowMs(): number
}

interface Link {
  url: string
  untilMs: number
}

export class LinkCache {
  private readonly links = new Map<string, Link>()
  private readonly wanted = new Map<string, Set<Wanting>>()
  private readonly asked = new Set<string>()
  private timer: ReturnType<typeof setTimeout> | null = null
  private failures = 0

  constructor(private readonly ports: Ports) {}

  /** Tell `wanting` its address, at once or later; the answer is how to stop waiting. */
  want(wanting: Wanting): () => void {
    const key = keyOf(wanting.attemptId, wanting.picture)
    const held = this.good(key)
    if (held !== null) {
      wanting.url(held.url)
      return () => undefined
    }
    const others = this.wanted.get(key) ?? new Set()
    this.wanted.set(key, others.add(wanting))
    this.plan(GATHER_MS)
    return () => this.unwant(key, wanting)
  }

  /** The link did not work: the next who wants this picture gets a new one. */
  spoil(attemptId: number, picture: string): void {
    this.links.delete(keyOf(attemptId, picture))
  }

  private good(key: string): Link | null {
    const link = this.links.get(key)
    return link !== undefined && link.untilMs - SPARE_MS > this.ports.nowMs() ? link : null
  }

  private unwant(key: string, wanting: Wanting): void {
    const others = this.wanted.get(key)
    others?.delete(wanting)
    if (others?.size === 0) this.wanted.delete(key)
  }

  private plan(ms: number): void {
    this.timer ??= setTimeout(() => {
      this.timer = null
      this.ask()
    }, ms)
  }

  private ask(): void {
    const keys = [...this.wanted.keys()].filter((key) => !this.asked.has(key))
    for (let at = 0; at < keys.length; at += BATCH_MAX) void this.askFor(keys.slice(at, at + BATCH_MAX))
  }

  private async askFor(keys: string[]): Promise<void> {
    for (const key of keys) this.asked.add(key)
    try {
      this.take(keys, await this.ports.ask(keys.map(pictureOf)))
      this.failures = 0
    } catch (error) {
      this.fail(keys, asProblem(error))
    } finally {
      for (const key of keys) this.asked.delete(key)
    }
  }

  private take(keys: string[], answer: PictureLinks): void {
    const untilMs = Date.parse(answer.until)
    for (const link of answer.links) this.links.set(keyOf(link.attempt_id, link.picture), { url: link.url, untilMs })
    for (const key of keys) {
      if (this.good(key) === null) this.links.set(key, { url: '', untilMs: this.ports.nowMs() + MISSING_MS + SPARE_MS })
      this.tell(key)
    }
    this.prune()
  }

  private tell(key: string): void {
    const all = this.wanted.get(key)
    this.wanted.delete(key)
    const url = this.links.get(key)?.url ?? ''
    for (const wanting of all ?? []) wanting.url(url)
  }

  /** Trouble of the server passes, and those who wait go on waiting; a refusal does not. */
  private fail(keys: string[], problem: Problem): void {
    for (const key of keys) {
      for (const wanting of this.wanted.get(key) ?? []) wanting.problem?.(problem)
      if (!problem.passing) this.wanted.delete(key)
    }
    if (!problem.passing) return
    const ms = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** this.failures)
    this.failures += 1
    this.plan(ms)
  }

  private prune(): void {
    if (this.links.size <= HELD_MAX) return
    for (const key of [...this.links.keys()]) if (this.good(key) === null) this.links.delete(key)
  }
}

function keyOf(attemptId: number, picture: string): string {
  return `${attemptId} ${picture}`
}

function pictureOf(key: string): PictureKey {
  const space = key.indexOf(' ')
  return { attempt_id: Number(key.slice(0, space)), picture: key.slice(space + 1) }
}
