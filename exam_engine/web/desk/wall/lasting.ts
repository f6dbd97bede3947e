/** How long something lasted, in words. */

type Say = (key: string, named: Record<string, unknown>) => string

export function lasting(t: Say, ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000))
  if (seconds < 120) return t('desk.wall.lasted_s', { n: seconds })
  return t('desk.wall.lasted_min', { n: Math.round(seconds / 60) })
}
