/**
 * A form as it is filled in: saved as one types, and nothing typed is ever lost.
 *
 * Each change is written down on the device first, then sent 1.5 s after the last one. The server takes a draft only at
 * the version it was read at; if it has moved on (another device, another tab), what differs is put before the person.
 * Without a network it is tried again until it goes through. `state` is replaced, never changed, at every step.
 */
import { asProblem, type Problem } from '@shared/problem'
import type { Complaint, DocumentView, FileSaved, Form, Value, Values } from './shapes'
import type { Shelf } from './shelf'
import { differing, same, tidy } from './values'

const QUIET_MS = 1_500
const AGAIN_MS = 3_000
const AGAIN_MAX_MS = 30_000

/** What a draft needs to know of a file or a choice of procedure. */
export interface Standing {
  version: number
  form: Form
  values: Values
  problems: Complaint[]
  computed: Record<string, number>
  documents: DocumentView[]
  editable: boolean
}

export interface DraftServer<V extends Standing> {
  load(): Promise<V>
  /** `closing`: the page may be gone before the answer. */
  save(version: number, values: Values, closing: boolean): Promise<FileSaved>
}

/** memory: as offline, and the browser keeps nothing. refused: the server won't take it as it is. */
export type Sign = 'saved' | 'saving' | 'unsaved' | 'offline' | 'memory' | 'refused'

/** `closed`: it can't be edited any more, and this is what did not get there. */
export interface Conflict<V extends Standing> {
  theirs: V
  base: Values
  codes: string[]
  closed: boolean
}

export interface DraftState<V extends Standing> {
  view: V | null
  values: Values
  sign: Sign
  problems: Complaint[]
  computed: Record<string, number>
  conflict: Conflict<V> | null
  trouble: Problem | null
  refused: Problem | null
}

export class Draft<V extends Standing> {
  state: DraftState<V> = {
    view: null,
    values: {},
    sign: 'saved',
    problems: [],
    computed: {},
    conflict: null,
    trouble: null,
    refused: null,
  }
  private version = 0
  private base: Values = {}
  private timer: ReturnType<typeof setTimeout> | undefined
  private under: Promise<void> | null = null
  private failures = 0
  private stopped = false

  constructor(
    private readonly server: DraftServer<V>,
    private readonly shelf: Shelf,
    private readonly page: string,
    private readonly changed: (state: DraftState<V>) => void,
  ) {}

  get dirty(): boolean {
    return !same(this.state.values, this.base)
  }

  get at(): number {
    return this.version
  }

  /** Read the file, and go on from what an earlier page could not send. */
  async open(): Promise<void> {
    this.show({ trouble: null })
    const kept = this.shelf.read()
    try {
      this.take(await this.server.load())
    } catch (error) {
      const trouble = asProblem(error)
      if (!kept || !trouble.passing) return this.show({ trouble })
      this.take({ ...kept.view, version: kept.version, values: kept.base } as V)
    }
    if (kept) this.goOn(kept.version, kept.base, kept.values)
  }

  private goOn(version: number, base: Values, values: Values): void {
    const view = this.state.view as V
    if (same(values, view.values)) return this.drop()
    if (view.editable && (version === view.version || same(base, view.values))) return this.put(values, 0)
    this.show({ values })
    this.ask(view, base)
  }

  /** Put before the person what differs; of a closed file only what he wrote himself. Nothing of that: let it go. */
  private ask(theirs: V, base: Values, refused: Problem | null = null): void {
    const { values } = this.state
    const closed = !theirs.editable
    const own = new Set(differing(base, values))
    const codes = differing(values, theirs.values).filter((code) => !closed || own.has(code))
    if (codes.length) return this.show({ sign: 'unsaved', refused, conflict: { theirs, base, codes, closed } })
    this.take(theirs)
    this.drop()
  }

  /** What the server says now is what stands. */
  take(view: V): void {
    this.version = view.version
    this.base = view.values
    const { values, problems, computed } = view
    this.show({ view, values, problems, computed, sign: 'saved', conflict: null, refused: null })
  }

  set(code: string, value: Value): void {
    if (this.state.conflict) return
    const problems = this.state.problems.filter((one) => one.field.split('.')[0] !== code)
    this.show({ problems })
    this.put({ ...this.state.values, [code]: value }, QUIET_MS)
  }

  private put(values: Values, wait: number): void {
    this.show({ values, refused: null })
    if (!this.dirty && !this.under) {
      this.shelf.drop(this.page)
      clearTimeout(this.timer)
      return this.show({ sign: 'saved' })
    }
    const held = this.keep()
    if (this.state.sign !== 'offline') this.show({ sign: held ? 'unsaved' : 'memory' })
    this.later(wait)
  }

  private keep(): boolean {
    const { view, values } = this.state
    return this.shelf.write({ page: this.page, version: this.version, base: this.base, values, view: view as Standing })
  }

  private later(wait: number): void {
    clearTimeout(this.timer)
    if (!this.stopped) this.timer = setTimeout(() => void this.flush(), wait)
  }

  /** Send what is unsaved now. True: the server has everything. */
  async flush(closing = false): Promise<boolean> {
    clearTimeout(this.timer)
    this.under ??= this.send(closing).finally(() => (this.under = null))
    await this.under
    return !this.dirty && !this.state.conflict
  }

  private async send(closing: boolean): Promise<void> {
    while (this.dirty && !this.state.conflict && this.state.view) {
      const sent = this.state.values
      this.show({ sign: 'saving' })
      try {
        this.saved(sent, await this.server.save(this.version, tidy(sent), closing))
      } catch (error) {
        if (!(await this.failed(asProblem(error)))) return
      }
    }
    if (!this.dirty) this.show({ sign: 'saved' })
  }

  private saved(sent: Values, answer: FileSaved): void {
    this.failures = 0
    this.version = answer.version
    this.base = sent
    const since = new Set(differing(sent, this.state.values))
    const problems = answer.problems.filter((one) => !since.has(one.field.split('.')[0] ?? ''))
    this.show({ problems, computed: answer.computed, refused: null })
    if (this.dirty) this.keep()
    else this.shelf.drop(this.page)
  }

  /** True: go on at once. */
  private async failed(problem: Problem): Promise<boolean> {
    if (problem.passing) {
      const held = this.keep()
      this.show({ sign: held ? 'offline' : 'memory' })
      this.later(Math.min(AGAIN_MS * 2 ** this.failures++, AGAIN_MAX_MS))
      return false
    }
    if (problem.status === 409) return this.compare(problem)
    this.show({ sign: 'refused', refused: problem })
    return false
  }

  /** It has moved on without us: take its number if nothing else differs, else ask. */
  private async compare(problem: Problem): Promise<boolean> {
    let theirs: V
    try {
      theirs = await this.server.load()
    } catch (error) {
      return this.failed(asProblem(error))
    }
    const { values } = this.state
    const base = this.base
    if (same(values, theirs.values)) {
      this.take(theirs)
      this.shelf.drop(this.page)
      return false
    }
    const closed = !theirs.editable
    if (!closed && problem.code !== 'changed_meanwhile') {
      this.show({ sign: 'refused', refused: problem })
      return false
    }
    if (!closed && same(base, theirs.values) && theirs.version !== this.version) {
      this.version = theirs.version
      return true
    }
    this.ask(theirs, base, closed ? problem : null)
    return false
  }

  /** Somebody chose what is to stand; for a closed file, that he has seen it. */
  resolve(values: Values): void {
    const { conflict } = this.state
    if (!conflict) return
    this.take(conflict.theirs)
    if (conflict.closed || same(values, conflict.theirs.values)) this.drop()
    else this.put(values, 0)
  }

  private drop(): void {
    const kept = this.shelf.read()
    if (kept) this.shelf.drop(kept.page)
  }

  /** The links of documents are good for minutes: read them again, and nothing else. */
  async freshen(): Promise<void> {
    const { documents } = await this.server.load()
    if (this.state.view) this.show({ view: { ...this.state.view, documents } })
  }

  /** A document that was just uploaded. */
  add(document: DocumentView): void {
    const { view } = this.state
    if (view) this.show({ view: { ...view, documents: [...view.documents, document] } })
  }

  /** The page goes: one last try, whose answer nobody may hear; what is on the device waits for the next page. */
  stop(): void {
    this.stopped = true
    void this.flush(true)
  }

  private show(over: Partial<DraftState<V>>): void {
    this.state = { ...this.state, ...over }
    this.changed(this.state)
  }
}
