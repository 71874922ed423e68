// Imported first: counts how often the core is instantiated from here on, so that a second copy is noticed. Others may use wasm too
// (Node's fetch does): ours is the one that asks for what its glue provides.
const api = globalThis.WebAssembly
const counted = (globalThis.__countersignCores ??= { count: 0, watching: false })

if (api && !counted.watching) {
  counted.watching = true
  const ours = ([, imports]) => Number(Object.keys(imports ?? {}).some((name) => name.includes('core_bg')))
  const { instantiate, instantiateStreaming, Instance } = api
  const count = (make) => function (...args) {
    counted.count += ours(args)
    return make.apply(api, args)
  }
  api.instantiate = count(instantiate)
  if (instantiateStreaming) api.instantiateStreaming = count(instantiateStreaming)
  api.Instance = new Proxy(Instance, {
    construct(target, args) {
      counted.count += ours(args)
      return Reflect.construct(target, args)
    },
  })
}

export const cores = () => counted.count
