/** How many families pages are judged by: within one the most surprising counts. What happens in quiet hours, of whatever statistic, is one of its own: it is wilder. */
export const PAGE_FAMILIES = 7;
export const DOLLARS_FAMILY = 0;
export const PRICE_FAMILY = 3;
export const SIZE_FAMILY = 4;
export const QUIET_FAMILY = 5;
/** What a group has come to over many hours. */
export const LONG_FAMILY = 6;
/** What only days add up to pages nobody. */
export const SLOW_FAMILY = 7;
/** People who run far more sessions than they ever do: waste, but no emergency. */
export const WASTE_FAMILY = 8;
export const FAMILIES = 9;
