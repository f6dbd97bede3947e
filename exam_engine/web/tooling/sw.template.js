/*
 * The physician's page must open again when the network is gone in the middle of an exam.
 *
 * The page itself is asked from the network first, so a new server is never met with an old page; the copy is
 * used when there is no answer, a bad one, or none in time. Files under /assets/ carry their digest in the name
 * and never change. Nothing under /api/ and nothing of the desk is touched.
 */
const CACHE = 'exam-__VERSION__'
const FILES = __FILES__
const PAGE = '/'
const PATIENCE_MS = 8000

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches.open(CACHE).then((cache) =>
      cache.addAll([new Request(PAGE, { cache: 'reload' }), ...FILES, '/icon.svg', '/manifest.webmanifest']),
    ),
  )
})

self.addEventListener('activate', (event) => {
  const old = (name) => name.startsWith('exam-') && name !== CACHE
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  )
})

// A page that is not in an exam says so; only then does a newer worker take over (see app/offline.ts).
self.addEventListener('message', (event) => {
  if (event.data === 'take_over') self.skipWaiting()
})

async function page(request) {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), PATIENCE_MS)
  try {
    const response = await fetch(request, { signal: abort.signal })
    if (response.status < 500) return response
    return (await copy(PAGE)) || response
  } catch (error) {
    const kept = await copy(PAGE)
    if (kept) return kept
    throw error
  } finally {
    clearTimeout(timer)
  }
}

const copy = (request) => caches.open(CACHE).then((cache) => cache.match(request))
const asset = async (request) => (await copy(request)) || (await caches.match(request)) || fetch(request)

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin) return
  if (url.pathname.startsWith('/api/') || url.pathname.startsWith('/desk')) return
  if (request.mode === 'navigate') event.respondWith(page(request))
  else if (url.pathname.startsWith('/assets/') || FILES.includes(url.pathname)) event.respondWith(asset(request))
})
