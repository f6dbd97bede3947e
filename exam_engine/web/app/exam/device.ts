/**
 * Which device this is: one random name per tab and attempt. A reload keeps it; a copied tab carries the same name,
 * finds its lock taken, and gets a name of its own (and so a portrait of its own).
 */
import { recall, remember } from '@shared/keep'

const LOCK_PATIENCE_MS = 1_500

export function newDevice(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const slot = (attempt: number): string => `device-${attempt}`

export async function claimDevice(attempt: number): Promise<string> {
  const kept = recall(slot(attempt), 'tab')
  if (kept && (await lock(attempt, kept))) return kept
  return renewDevice(attempt)
}

export async function renewDevice(attempt: number): Promise<string> {
  const device = newDevice()
  remember(slot(attempt), device, 'tab')
  await lock(attempt, device)
  return device
}

const held = new Set<string>()

/** True when this tab holds the name. A page on its way out may hold it a moment longer, hence the patience. */
function lock(attempt: number, device: string): Promise<boolean> {
  const name = `attempt-${attempt}-${device}`
  if (!('locks' in navigator) || held.has(name)) return Promise.resolve(true)
  return new Promise((resolve) => {
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(), LOCK_PATIENCE_MS)
    const keep = (): Promise<never> => {
      clearTimeout(timer)
      held.add(name)
      resolve(true)
      return new Promise(() => undefined) // until the tab is gone
    }
    navigator.locks.request(name, { signal: abort.signal }, keep).catch(() => resolve(false))
  })
}
