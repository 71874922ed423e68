// The same in a server component and at the edge: one request, one token, nothing kept.
import { CountersignError } from 'countersign'
import { forRequest } from 'countersign/server'
import { fakeToken } from 'countersign/testing'
import { buildId } from './node_modules/countersign/dist/build-id.js'

export async function onServer(api) {
  try {
    const token = fakeToken({ sub: 'alice' })
    const request = forRequest({ getToken: async () => token, templates: { api: 'api' }, routes: [{ url: `${api}/data/`, template: 'api' }] })
    const same = (await request.getToken('api')) === token
    const { authorization } = await (await request.fetch(`${api}/data/echo.json`)).json()
    return `OK same=${same} auth=${authorization === `Bearer ${token}`} id=${buildId}`
  } catch (error) {
    return `FAIL code=${CountersignError.is(error) ? error.code : 'none'} ${error?.name}: ${error?.message} ${error?.cause?.message ?? ''}`
  }
}
