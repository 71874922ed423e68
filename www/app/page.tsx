import { EventList } from '@/components/event-list'
import { IdentityBar } from '@/components/identity-bar'
import { Providers } from '@/components/providers'
import { TokenPanel } from '@/components/token-panel'
import { Trouble } from '@/components/trouble/drawer'
import { ConvexCard } from './convex/card'
import { FaunaCard } from './fauna/card'
import { ApolloCard } from './hasura/apollo-card'
import { HasuraCard } from './hasura/card'
import { SwrCard } from './hasura/swr-card'
import { InstantCard } from './instant/card'

export default function Page() {
  return (
    <Providers>
      <div className="intro">
        <div className="intro-text">
          <h1>One session, four backends</h1>
          <p>Sign in once. Each backend below is asked straight from this page, with the token it wants: the right template, the right user, not expired. Or it is not asked.</p>
        </div>
        <Trouble />
      </div>
      <IdentityBar />
      <div className="columns">
        <div className="cards">
          <FaunaCard />
          <HasuraCard />
          <ConvexCard />
          <InstantCard />
          <ApolloCard />
          <SwrCard />
        </div>
        <aside className="side" aria-label="The token manager at work">
          <TokenPanel />
          <EventList />
        </aside>
      </div>
    </Providers>
  )
}
