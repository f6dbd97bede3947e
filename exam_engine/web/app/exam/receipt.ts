/** The signed receipt of what was handed in: asked for until it is there, then kept on the device for good. */
import type { components } from '@shared/api.gen'
import { recall, remember } from '@shared/keep'
import { asProblem, type Problem } from '@shared/problem'

export type OwnReceipt = components['schemas']['OwnReceipt']

const SHELF = 'receipts'
const KEPT_MAX = 20
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000]
/** At the bell everybody's page asks at once: spread over this long, nobody waits for anybody. */
const SPREAD_MS = 4_000

/** What lies on this device, newest first. It says nothing of any answer, and stays after log-out. */
export function keptReceipts(): OwnReceipt[] {
  try {
    const found: unknown = JSON.parse(recall(SHELF) ?? '[]')
    return Array.isArray(found) ? found.filter(isReceipt) : []
  } catch {
    return []
  }
}

export const keptReceipt = (attempt: number): OwnReceipt | null =>
  keptReceipts().find((one) => one.attempt_id === attempt) ?? null

export function keepReceipt(receipt: OwnReceipt): void {
  const others = keptReceipts().filter((one) => one.attempt_id !== receipt.attempt_id)
  remember(SHELF, JSON.stringify([receipt, ...others].slice(0, KEPT_MAX)))
}

const isReceipt = (one: unknown): one is OwnReceipt => {
  const it = one as Partial<OwnReceipt> | null
  return typeof it?.attempt_id === 'number' && typeof it.code === 'string' && typeof it.svg === 'string'
}

export interface Asking {
  receipt: OwnReceipt | null
  /** Why it is not there yet; a passing trouble is tried again by itself. */
  trouble: Problem | null
}

export interface World {
  ask: (attempt: number) => Promise<OwnReceipt>
  after: (ms: number, work: () => void) => () => void
  random: () => number
}

/** Asks for one receipt until it is there, ever more patiently; a refusal ends it. */
export class ReceiptAsker {
  private tries = 0
  private cancel: () => void = () => undefined
  private stopped = false
  private busy = false

  constructor(
    private readonly attempt: number,
    private readonly world: World,
    private readonly tell: (now: Asking) => void,
  ) {}

  /** `crowd`: many others ask at this very moment. */
  start(crowd: boolean): void {
    const kept = keptReceipt(this.attempt)
    if (kept) return this.tell({ receipt: kept, trouble: null })
    if (crowd) this.later(this.world.random() * SPREAD_MS)
    else void this.now()
  }

  /** The network is back, or somebody asked: do not wait any longer. */
  async now(): Promise<void> {
    if (this.stopped || this.busy) return
    this.cancel()
    this.busy = true
    try {
      const receipt = await this.world.ask(this.attempt)
      if (this.stopped) return
      this.stopped = true
      keepReceipt(receipt)
      this.tell({ receipt, trouble: null })
    } catch (error) {
      this.failed(asProblem(error))
    } finally {
      this.busy = false
    }
  }

  stop(): void {
    this.stopped = true
    this.cancel()
  }

  private failed(trouble: Problem): void {
    if (this.stopped) return
    this.tell({ receipt: null, trouble })
    if (!trouble.passing) return
    const pause = PAUSES_MS[Math.min(this.tries, PAUSES_MS.length - 1)] ?? 0
    this.tries += 1
    this.later(pause * (0.75 + this.world.random() / 2))
  }

  private later(ms: number): void {
    this.cancel()
    this.cancel = this.world.after(ms, () => void this.now())
  }
}

/** Hand somebody a file made here. */
export function download(name: string, value: unknown): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify(value, null, 1)], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
