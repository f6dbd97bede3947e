/** A fresh id for one act. (`crypto.randomUUID` is missing where the desk is opened without https.) */
export function freshRequestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
