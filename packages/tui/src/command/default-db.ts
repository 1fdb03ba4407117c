/** The database where neither an option nor the environment names one. */
export const DEFAULT_DB = 'pagetrail.db'
