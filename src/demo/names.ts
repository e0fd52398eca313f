/** Given names from many places; with a letter they make short ids such as `mara.k`. Nobody in particular. */
export const GIVEN_NAMES = (
  "mara jonas aiko luis nadia oskar priya tomas leila mikkel sofia davit amara felix ines kofi lena mateo noor petra " +
  "rafael saanvi timo ursula viktor wanda xavi yara zoltan anouk bruno chiara dmitri elif farah gustav hana igor jana " +
  "karim livia malik nils olga paulo quinn rosa samir tessa umar vera wim ximena yusuf zora alba bjorn carmen darko " +
  "esther filip greta hugo irina jamal katya lukas meera niko oona pavel rania sven tanja ugo valeria wojtek yuki"
).split(" ");
