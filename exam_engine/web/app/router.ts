import { createRouter, createWebHistory, type RouteLocationRaw } from 'vue-router'
import LoginPage from './pages/LoginPage.vue'

function fromHash(hash: string): RouteLocationRaw {
  const [path, query = ''] = hash.replace(/^#/, '').split('?')
  const code = new URLSearchParams(query).get('code')
  if (path !== '/camera') return { path: '/', hash: '' }
  return { name: 'camera', query: code ? { code } : {}, hash: '' }
}

export const router = createRouter({
  history: createWebHistory('/'),
  routes: [
    { path: '/login', name: 'login', component: LoginPage },
    { path: '/', name: 'papers', component: () => import('./pages/PaperListPage.vue') },
    {
      path: '/attempts/:id(\\d+)',
      name: 'attempt',
      component: () => import('./pages/AttemptPage.vue'),
      props: (route) => ({ attempt: Number(route.params['id']) }),
    },
    {
      path: '/attempts/:id(\\d+)/record',
      name: 'record',
      component: () => import('./pages/RecordPage.vue'),
      props: (route) => ({ attempt: Number(route.params['id']) }),
    },
    { path: '/photo', name: 'photo', component: () => import('./pages/PhotoPage.vue') },
    // A phone as camera, without log-in. The code may stand in the query or, as in QR codes, behind "#/camera?".
    { path: '/camera', name: 'camera', component: () => import('./pages/CameraPage.vue') },
    { path: '/app/:rest(.*)*', redirect: (to) => fromHash(to.hash) },
    { path: '/:rest(.*)*', name: 'nowhere', component: () => import('./pages/NowherePage.vue') },
  ],
  scrollBehavior: () => ({ top: 0 }),
})
