// Stands for what `npx convex codegen` writes: the functions of the local deployment.
export { api } from '../../../../backends/convex/api.js'
