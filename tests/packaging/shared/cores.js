// Imported first: counts how often WebAssembly is instantiated from here on, so that a second copy of the core is noticed.
const api = globalThis.WebAssembly
const counted = (globalThis.__countersignCores ??= { count: 0, watching: false })

if (api && !counted.watching) {
  counted.watching = true
  const { instantiate, instantiateStreaming, Instance } = api
  const count = (make) => function (...args) {
    counted.count += 1
    return make.apply(api, args)
  }
  api.instantiate = count(instantiate)
  if (instantiateStreaming) api.instantiateStreaming = count(instantiateStreaming)
  api.Instance = new Proxy(Instance, {
    construct(target, args) {
      counted.count += 1
      return Reflect.construct(target, args)
    },
  })
}

export const cores = () => counted.count
