/** Published scores: README and results/final_results.json of numenta/NAB, commit ea702d7. Standard, low FP, low FN. */
export const PUBLISHED: readonly (readonly [string, number, number, number])[] = [
  ["ARTime", 74.9, 65.1, 80.4],
  ["Numenta HTM (NuPIC 1.0)", 70.5, 62.6, 75.2],
  ["Numenta HTM (NuPIC 0.5.6)", 70.1, 63.1, 74.3],
  ["CAD OSE", 69.9, 67.0, 73.2],
  ["nab-comportex", 64.6, 58.8, 69.6],
  ["NumentaTM HTM", 64.6, 56.7, 69.2],
  ["htm.core", 63.1, 58.8, 66.2],
  ["earthgecko Skyline", 58.2, 46.2, 63.9],
  ["KNN CAD", 58.0, 43.4, 64.8],
  ["HTM Java", 56.8, 50.7, 61.4],
  ["Relative Entropy", 54.6, 47.6, 58.8],
  ["Numenta HTM, no likelihood", 53.6, 34.2, 61.9],
  ["Random Cut Forest", 51.7, 38.4, 59.7],
  ["Twitter ADVec", 47.1, 33.6, 53.5],
  ["Windowed Gaussian", 39.6, 20.9, 47.4],
  ["Etsy Skyline", 35.7, 27.1, 44.5],
  ["Bayesian changepoint", 17.7, 3.2, 32.2],
  ["EXPoSE", 16.4, 3.2, 26.9],
  ["Random", 11.0, 1.2, 19.5],
  ["Null", 0, 0, 0],
];

export const PROFILES = [
  ["standard", "standard"],
  ["low FP", "reward_low_FP_rate"],
  ["low FN", "reward_low_FN_rate"],
] as const;
