import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { alias: { '@': import.meta.dirname } },
  test: { environment: 'jsdom', env: { NEXT_PUBLIC_FAUNA_URL: 'https://fauna.test' } },
})
