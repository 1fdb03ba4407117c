import { configureGlobal } from 'fast-check'

// One run of the tests is like another: a property that fails here fails everywhere.
configureGlobal({ seed: 20_261_126 })
