/** `npm run dev` answers like the real server: the app's page under "/", the desk's under "/desk/". */
import type { Plugin } from 'vite'

const isFile = (path: string): boolean => /\.[a-z0-9]+$/i.test(path)
const isVite = (path: string): boolean => path.startsWith('/@') || path.startsWith('/node_modules/')

export function pages(): Plugin {
  return {
    name: 'exam-pages',
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        const path = (request.url ?? '/').split('?')[0] ?? '/'
        if (!isFile(path) && !isVite(path) && !path.startsWith('/api')) {
          request.url = path.startsWith('/desk') ? '/desk/index.html' : '/app/index.html'
        }
        next()
      })
    },
  }
}
