/** The styles of the few Vant parts we use (their icon font is left out, see vite.config.ts). */
import 'vant/es/button/style'
import 'vant/es/popup/style'
import 'vant/es/progress/style'
import 'vant/es/pull-refresh/style'
import 'vant/es/tag/style'
