import { nextTick, onMounted, watch } from 'vue';
import { useRoute } from 'vitepress';
import theme from 'vitepress/theme-without-fonts';

import './style.css';

export default {
  extends: theme,
  setup(): void {
    const route = useRoute();
    // The theme's home has no main landmark.
    const mark = (): void => document.querySelector('#VPContent.is-home')?.setAttribute('role', 'main');
    onMounted(mark);
    watch(
      () => route.path,
      () => void nextTick(mark),
    );
  },
};
