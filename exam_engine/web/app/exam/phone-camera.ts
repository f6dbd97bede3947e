/** What a paired phone remembers, in its tab only: whose camera it is, and the token that says so. */
import { forget, recall, remember } from '@shared/keep'
import type { CameraPaired } from '@shared/shapes'

const SLOT = 'camera'

export function recallPairing(): CameraPaired | null {
  const kept = recall(SLOT, 'tab')
  return kept ? (JSON.parse(kept) as CameraPaired) : null
}

export const keepPairing = (paired: CameraPaired): void => remember(SLOT, JSON.stringify(paired), 'tab')
export const forgetPairing = (): void => forget(SLOT, 'tab')

/** The code in what somebody typed or scanned: the code itself, or an address that ends with it. */
export function codeIn(text: string): string {
  const found = /(?:[?&#]code=)([A-Za-z0-9_-]+)/.exec(text)
  return found?.[1] ?? text.replace(/\s+/g, '')
}

export const isCode = (text: string): boolean => /^[A-Za-z0-9_-]{8,64}$/.test(text)

interface Lock {
  release(): Promise<void>
}

/** Keep the screen on; browsers take the lock from a hidden page, so it is asked for again when seen. */
export class StayAwake {
  private lock: Lock | null = null
  private wanted = false

  start(): void {
    this.wanted = true
    document.addEventListener('visibilitychange', this.ask)
    this.ask()
  }

  stop(): void {
    this.wanted = false
    document.removeEventListener('visibilitychange', this.ask)
    void this.lock?.release().catch(() => undefined)
    this.lock = null
  }

  private readonly ask = (): void => {
    const wake = (navigator as { wakeLock?: { request(kind: 'screen'): Promise<Lock> } }).wakeLock
    if (!wake || document.visibilityState !== 'visible') return
    wake.request('screen').then(
      (lock) => (this.wanted ? (this.lock = lock) : void lock.release()),
      () => undefined,
    )
  }
}
