// 256 words, one for each byte. Two people read them to each other, perhaps over a bad line, so all are short common nouns. No two
// begin with the same three letters, and any two differ in three letters at least. A test checks both.

export const CHECK_WORDS: readonly string[] = `
acorn album amber anchor animal ankle artist atlas autumn avocado award baker balloon banana barrel beetle belt
bicycle biscuit blanket blossom bonnet bracelet breakfast brick bronze brush bubble bucket buffalo button cabin cactus
camel canvas captain carpet castle cedar cello cement cherry chimney circus clarinet cobra coconut coffee compass
copper cradle cricket crystal cushion cymbal daisy dancer desert diamond dolphin domino donkey dragon eagle echo elbow
elephant emerald envelope falcon farmer feather fender festival fiddle flamingo flute forest fossil fountain funnel
furnace gadget galaxy garden gazelle giant ginger giraffe glacier glove gorilla gravel guitar gymnast harbor hedgehog
helmet hexagon hotel hurdle husky iceberg igloo indigo insect island ivory jaguar jasmine jewel jigsaw journal jungle
kangaroo kayak ketchup keyboard kitchen kiwi knuckle koala ladder lagoon lantern laundry lemon leopard lettuce library
lilac limestone linen lizard lobster lollipop lunch magnet mammoth mango marble meadow meteor midnight mineral mirror
mitten mosaic muffin napkin nickel noodle notebook nugget nurse nylon oasis oatmeal ocean octopus onion opera orange
orchid ostrich otter oxygen pajama palace panda parrot pastry peanut pelican pencil picnic pigeon pillow pirate pizza
plumber poncho potato prairie pumpkin puppet pyramid quarry queen rabbit radio rainbow razor reindeer ribbon river
rubber saxophone scarf school scooter seagull shelter skeleton slipper sofa spider squirrel stadium sugar sunset
surgeon taxi telescope temple tennis thunder toast tornado tractor treasure triangle trumpet tulip turkey tuxedo twig
typhoon umbrella uniform vacuum valley vampire vanilla vase vessel victory village vinegar violin volcano voyage
vulture walnut wedding whale whisper window workshop wrench yacht yeti yogurt zenith zigzag zodiac
`
  .trim()
  .split("\n")
  .flatMap((line) => line.split(" "));
