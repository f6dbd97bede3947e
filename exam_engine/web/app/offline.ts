/** The copy of the page for a reload without network (see tooling/sw.template.js). */

export function keepCopy(): void {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return
  window.addEventListener('load', () => void navigator.serviceWorker.register('/sw.js').catch(() => undefined))
}

/** Called on pages outside an exam only: a newer copy may take over now. */
export async function allowNewCopy(): Promise<void> {
  if (!('serviceWorker' in navigator)) return
  const registration = await navigator.serviceWorker.getRegistration().catch(() => undefined)
  registration?.waiting?.postMessage('take_over')
}
