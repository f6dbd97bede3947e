import { createRouter, createWebHistory } from 'vue-router'
import LoginPage from './pages/LoginPage.vue'

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
    { path: '/:rest(.*)*', name: 'nowhere', component: () => import('./pages/NowherePage.vue') },
  ],
  scrollBehavior: () => ({ top: 0 }),
})
