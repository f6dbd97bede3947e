/** 站内消息 of the physician: how many are unread, heard live while a page that shows it is open. */
import { onMounted, onUnmounted, ref, watch } from 'vue'
import { api, got } from '@shared/api'
import { newsOf, openFeed, type Inbox, type Message, type News } from '@shared/inbox'
import { me } from './me'

export const unread = ref(0)
/** The newest message known, so that a page that shows the list knows when to look again. */
export const latest = ref<News>({ unread: 0, newest: null })

const LINGER_MS = 1_500 // from one page to the next the stream stays

const ears = new Set<(message: Message) => void>()
let listening = 0
let close: (() => void) | undefined
let closing: ReturnType<typeof setTimeout> | undefined

export const loadInbox = (before?: number): Promise<Inbox> =>
  got(api.GET('/api/inbox', { params: { query: before === undefined ? {} : { before } } }))

/** Without ids all of them. */
export async function markRead(ids: number[] = []): Promise<Inbox> {
  const inbox = await got(api.POST('/api/inbox/read', { body: { message_ids: ids } }))
  take(newsOf(inbox))
  return inbox
}

export function take(news: News): void {
  unread.value = news.unread
  latest.value = news
}

function open(): void {
  clearTimeout(closing)
  close ??= openFeed(
    { news: take, fresh: (message) => ears.forEach((hear) => hear(message)), ended: shut },
    async () => newsOf(await loadInbox()),
  )
}

function shut(): void {
  clearTimeout(closing)
  close?.()
  close = undefined
}

function letGo(): void {
  listening -= 1
  if (listening === 0) closing = setTimeout(shut, LINGER_MS)
}

watch(me, (who, before) => {
  if (who?.account_id === before?.account_id) return
  shut()
  take({ unread: 0, newest: null })
  if (who !== null && listening > 0) open()
})

/** Listen for as long as the component is there; `fresh` hears of each new message. Not for pages of an exam. */
export function useInbox(fresh?: (message: Message) => void): void {
  onMounted(() => {
    listening += 1
    if (fresh) ears.add(fresh)
    open()
  })
  onUnmounted(() => {
    if (fresh) ears.delete(fresh)
    letGo()
  })
}

// --- where a message leads -------------------------------------------------------------------------------------------

const PLACES = new Map([
  ['M03', '/'],
  ['M04', '/certify'],
  ['M06', '/'],
  ['M08', '/bind'],
  ['M09', '/'],
  ['M13', '/procedure'],
  ['M17', '/'],
  ['M18', '/procedure'],
  ['M21', '/papers'],
  ['M22', '/result'],
  ['M23', '/papers'],
  ['M24', '/papers'],
  ['M25', '/exemption'],
  ['M26', '/papers'],
  ['M27', '/papers'],
  ['M31', '/papers'],
  ['M32', '/papers'],
  ['M34', '/result'],
  ['M36', '/result'],
  ['C02', '/file/deferral'],
  ['C03', '/file/change'],
  ['C04', '/file/change'],
])

const FILES = new Map([
  ['profile', '/profile'],
  ['evaluation', '/evaluation'],
  ['exemption', '/exemption'],
  ['deferral', '/file/deferral'],
  ['change', '/file/change'],
])

/** The page a message is about, or null: some only say that something is so. */
export function placeOf(message: Pick<Message, 'code' | 'facts'>): string | null {
  return PLACES.get(message.code) ?? FILES.get(String(message.facts['subject'])) ?? null
}
