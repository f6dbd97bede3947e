/** 站内消息, for app and desk: what a message says, and how a page hears of new ones. */
import type { components } from './api.gen'
import { asProblem } from './problem'
import type { Fact } from './shapes'
import { instant } from './show'

export type Message = components['schemas']['MessageView']
export type Inbox = components['schemas']['Inbox']
export interface News {
  unread: number
  newest: Message | null
}

// --- what it says ------------------------------------------------------------------------------------------------

export interface Words {
  t: (key: string, named: Record<string, unknown>) => string
  te: (key: string) => boolean
}
export type Reads = 'person' | 'organisation'

/** Facts that are codes, and where their words stand. Everything else is a name or a text and shown as it came. */
const CODES = new Map([
  ['subject', 'reg.subject'],
  ['kind', 'reg.message.fact.kind'],
  ['passed', 'reg.message.fact.passed'],
  ['result', 'reg.message.fact.result'],
])

function fill(words: Words, name: string, value: Fact, locale: string): string {
  if (value === null) return ''
  if (name.endsWith('_at') && typeof value === 'string') return instant(value, locale)
  if (name === 'reason' && words.te(`reg.message.fact.ending.${value}`)) return words.t(`reg.message.fact.ending.${value}`, {})
  if (name === 'fields') return fieldNames(words, String(value))
  const key = `${CODES.get(name)}.${value}`
  if (CODES.has(name) && words.te(key)) return words.t(key, {})
  return name === 'reason' ? String(value).replace(/[。.\s]+$/, '') : String(value)
}

const fieldNames = (words: Words, codes: string): string =>
  codes
    .split(',')
    .map((code) => (words.te(`reg.message.fact.fields.${code}`) ? words.t(`reg.message.fact.fields.${code}`, {}) : code))
    .join(words.t('reg.message.fact.and', {}))

function sentenceKey(words: Words, message: Message, reads: Reads): string {
  const special = reads === 'organisation' ? message.count > 1 && 'many' : message.facts['due_at'] == null && 'undated'
  const placed = Boolean(message.facts['place']) && `reg.message.placed.${message.code}`
  const keys = [placed, special && `reg.message.${special}.${message.code}`, `reg.message.to_${reads}.${message.code}`]
  return keys.find((key): key is string => typeof key === 'string' && words.te(key)) ?? 'reg.message.unknown'
}

/** The sentence of a message; one that a newer server has invented is said to be there, with its code. */
export function messageText(words: Words, message: Message, reads: Reads, locale: string): string {
  const facts = Object.entries(message.facts).map(([name, value]) => [name, fill(words, name, value, locale)])
  const named = { ...Object.fromEntries(facts), count: message.count, code: message.code }
  return words.t(sentenceKey(words, message, reads), named)
}

/** 1 to 99, then 99+: the server counts no further either. */
export const badge = (unread: number): string => (unread > 99 ? '99+' : String(unread))

/** The first page as it is now, and what was loaded of older ones. */
export function merged(first: Inbox, held: readonly Message[]): Message[] {
  const last = first.messages[first.messages.length - 1]
  if (!last || first.next === null) return first.messages
  return [...first.messages, ...held.filter((one) => one.message_id < last.message_id)]
}

// --- how a page hears --------------------------------------------------------------------------------------------

export const POLL_MS = 30_000 // without a stream
export const BROKEN_MS = 2_000 // after a stream broke: whoever logs out breaks it too, and asks no more
export const REPAIR_MS = 300_000 // beside one: a line may be dead though nobody said so

/** The part of an EventSource that is used. */
export interface Source {
  readonly readyState: number
  addEventListener(name: string, hear: (event: MessageEvent<string>) => void): void
  onerror: ((event: Event) => void) | null
  close(): void
}
const CLOSED = 2

export interface Ports {
  /** Throws where there are no such streams. */
  open(): Source
  poll(): Promise<News>
  visible(): boolean
}

export interface Ears {
  news(news: News): void
  /** A message nobody of this page has seen before. */
  fresh(message: Message): void
  /** Nobody is logged in any more. */
  ended(): void
}

/**
 * Hears of news by a stream of server-sent events, and by polling for as long as none brings any.
 *
 * A page nobody looks at holds no stream: browsers allow few connections to one host, and phones should sleep.
 */
export class InboxFeed {
  private source: Source | null = null
  private live = false
  private gaveWay = false
  private running = false
  private newest = -1
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly ports: Ports,
    private readonly ears: Ears,
  ) {}

  start(): void {
    if (this.running) return
    this.running = true
    this.looked()
  }

  stop(): void {
    this.running = false
    this.rest()
  }

  /** The page was shown or hidden, or the network came back. */
  looked(): void {
    if (!this.running) return
    this.rest()
    if (!this.ports.visible()) return
    this.gaveWay = false
    if (!this.connect()) void this.poll()
    else this.wait()
  }

  private rest(): void {
    clearTimeout(this.timer)
    this.source?.close()
    this.source = null
    this.live = false
  }

  private connect(): boolean {
    try {
      this.source = this.ports.open()
    } catch {
      return false
    }
    const source = this.source
    source.addEventListener('inbox', (event) => {
      if (this.source !== source) return
      this.live = true
      this.take(JSON.parse(event.data) as News)
      this.wait()
    })
    source.addEventListener('bye', () => this.giveWay(source))
    source.onerror = () => {
      if (this.source !== source) return
      // The browser comes back by itself unless it was refused; refused or not, a poll says how things stand.
      if (this.live || source.readyState === CLOSED) this.wait(BROKEN_MS)
      this.live = false
    }
    return true
  }

  /** Newer pages of this account have all the places: this one asks now and then. */
  private giveWay(source: Source): void {
    if (this.source !== source) return
    this.rest()
    this.gaveWay = true
    this.wait()
  }

  private wait(ms = this.live ? REPAIR_MS : POLL_MS): void {
    clearTimeout(this.timer)
    if (this.running) this.timer = setTimeout(() => void this.poll(), ms)
  }

  private async poll(): Promise<void> {
    try {
      const news = await this.ports.poll()
      if (this.running) this.take(news)
    } catch (error) {
      if (asProblem(error).status === 401) return this.end()
    }
    if (!this.running || !this.ports.visible()) return
    if (this.source?.readyState === CLOSED) this.source = null
    if (this.source === null && !this.gaveWay) this.connect()
    this.wait()
  }

  private end(): void {
    this.stop()
    this.ears.ended()
  }

  private take(news: News): void {
    const id = news.newest?.message_id ?? 0
    const fresh = this.newest >= 0 && id > this.newest && news.newest?.read_at === null
    this.newest = Math.max(this.newest, id)
    this.ears.news(news)
    if (fresh && news.newest) this.ears.fresh(news.newest)
  }
}

/** The feed on a real page: told when the page is shown or the network is back. Returns how to end it. */
export function openFeed(ears: Ears, poll: () => Promise<News>): () => void {
  const ports: Ports = {
    open: () => new EventSource('/api/inbox/live') as Source,
    poll,
    visible: () => document.visibilityState !== 'hidden',
  }
  const feed = new InboxFeed(ports, ears)
  const looked = (): void => feed.looked()
  document.addEventListener('visibilitychange', looked)
  addEventListener('online', looked)
  feed.start()
  return () => {
    feed.stop()
    document.removeEventListener('visibilitychange', looked)
    removeEventListener('online', looked)
  }
}

export const newsOf = (inbox: Inbox): News => ({ unread: inbox.unread, newest: inbox.messages[0] ?? null })
