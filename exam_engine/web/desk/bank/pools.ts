/** What a pool can be for; "" is whatever a blueprint makes of it. */
export const KINDS = ['', 'humanities', 'professional', 'practice'] as const
