// A worker of Cloudflare's runtime; its bundle takes the `workerd` condition, where the wasm is a module of its own.
import { createSession, CountersignError } from 'countersign'
import { forRequest } from 'countersign/server'
import { fakeProvider, fakeToken } from 'countersign/testing'
import { buildId } from '../node_modules/countersign/dist/build-id.js'

export default {
  async fetch(incoming) {
    const api = new URL(incoming.url).searchParams.get('api')
    try {
      const token = fakeToken({ sub: 'alice' })
      const request = forRequest({ getToken: async () => token, templates: { api: 'api' }, routes: [{ url: `${api}/data/`, template: 'api' }] })
      const same = (await request.getToken('api')) === token
      const { authorization } = await (await request.fetch(`${api}/data/echo.json`)).json()
      const session = createSession({ templates: { api: 'api' } })
      session.connect(fakeProvider({ user: 'alice' }))
      const refused = await session.getToken('api').then(() => 'answered', (error) => error.code)
      return new Response(`OK same=${same} auth=${authorization === `Bearer ${token}`} session=${refused} id=${buildId}`)
    } catch (error) {
      return new Response(`FAIL code=${CountersignError.is(error) ? error.code : 'none'} ${error?.name}: ${error?.message} ${error?.cause?.message ?? ''}`)
    }
  },
}
