/**
 * Texts that no corpus has and that break what handles text carelessly: characters of many code points, equal-looking
 * texts that differ, directions, and scripts beyond the declarations. Invisible characters are written as escapes.
 */
export interface Literal {
  readonly what: string;
  readonly text: string;
}

const ZWJ = '\u200D';

export const literals: readonly Literal[] = [
  { what: 'a family', text: `\u{1F468}${ZWJ}\u{1F469}${ZWJ}\u{1F467}${ZWJ}\u{1F466} \u{1F469}${ZWJ}\u{1F469}${ZWJ}\u{1F466}` },
  { what: 'skin tones', text: '👋🏻👋🏼👋🏽👋🏾👋🏿 👩🏽‍🚀 🧑🏿‍🤝‍🧑🏻' },
  {
    what: 'flags',
    text: '🇪🇹🇺🇳🇯🇵🇧🇷 \u{1F3F3}\uFE0F\u200D\u{1F308} \u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}',
  },
  { what: 'keycaps', text: '1\uFE0F\u20E3 #\uFE0F\u20E3 *\uFE0F\u20E3 and the bare 1\u20E3' },
  { what: 'text and emoji style', text: '\u2764\uFE0E \u2764\uFE0F \u2764\uFE0F\u200D\u{1F525}' },
  {
    what: 'composed and decomposed',
    text: '\u00E9 e\u0301, \u1EC7 e\u0323\u0302 e\u0302\u0323, \uAC00 \u1100\u1161, \u212B \u00C5 A\u030A',
  },
  { what: 'stacked marks', text: `Z${'\u0351\u036B\u0343\u032A\u0302'.repeat(12)}a${'\u0300\u0301\u0302\u0303'.repeat(12)}lgo` },
  { what: 'conjuncts', text: 'क्ष्म्य ஸ்ரீ ক্ষ্ম ಕ್ಷ്മ ศ์ก็ ང་ྃ ཧཱུྃ' },
  { what: 'both directions', text: 'abc \u202Eoverridden\u202C עברית 123 العربية \u2067isolated\u2069 end' },
  { what: 'joiners of Persian', text: 'می\u200Cخواهم می\u200Dخواهم میخواهم' },
  { what: 'nothing to see', text: ' \u00A0\u2003\u200B\uFEFF\u2060\u3000 ' },
  { what: 'lines and tabs', text: '\n\tone\r\ntwo\rthree\u2028four\u2029five\u0085six\n' },
  { what: 'control characters', text: 'nul \u0000, bell \u0007, escape \u001B[31mred\u001B[0m, delete \u007F' },
  { what: 'the ends of planes', text: '\uFFFE \uFFFF \u{1FFFE} \u{10FFFF} \uE000 \u{F0000}' },
  { what: 'what JSON escapes', text: '"\\/\b\f\n\r\t\u2028 {"text":null} \\u0041 </script>' },
  { what: 'sorts and cases', text: 'ıIİi ßẞ ŉ ǆ ﬃ Σσς Ⅻ ℀ ½ ⁹ 𝔸𝓫𝕮' },
  { what: 'Odia', text: 'ନମସ୍କାର, କେମିତି ଅଛନ୍ତି?' },
  { what: 'Mongolian', text: 'ᠰᠠᠢᠨ ᠪᠠᠢᠨ\u180Eᠠ ᠤᠤ' },
  { what: "N'Ko", text: 'ߒߞߏ ߞߊ߲' },
  { what: 'Ol Chiki', text: 'ᱡᱚᱦᱟᱨ' },
  { what: 'Meetei', text: 'ꯃꯤꯇꯩ ꯃꯌꯦꯛ' },
  { what: 'Balinese', text: 'ᬅᬓ᭄ᬱᬭᬩᬮᬶ' },
  { what: 'Buginese', text: 'ᨒᨚᨈᨑ' },
  { what: 'Baybayin', text: 'ᜊᜌ᜔ᜊᜌᜒᜈ᜔' },
  { what: 'Bopomofo', text: 'ㄋㄧˇ ㄏㄠˇ' },
  { what: 'Braille', text: '⠓⠑⠇⠇⠕' },
  { what: 'Runes', text: 'ᛖᚴ ᚷᛖᛏ ᛖᛏᛁ' },
  { what: 'Ogham', text: '᚛ᚑᚌᚐᚋ᚜' },
  { what: 'Coptic', text: 'ⲧⲙⲛⲧⲣⲙⲛⲕⲏⲙⲉ' },
  { what: 'Glagolitic', text: 'ⰳⰾⰰⰳⱁⰾⰻⱌⰰ' },
  { what: 'Gothic', text: '𐌼𐌰𐌲 𐌲𐌻𐌴𐍃 𐌹̈𐍄𐌰𐌽' },
  { what: 'Phoenician', text: '𐤃𐤁𐤓𐤉𐤌' },
  { what: 'Linear B', text: '𐀀𐀪𐀨𐀍' },
  { what: 'Cuneiform', text: '𒀭𒂗𒆤 𒂗𒍪' },
  { what: 'Hieroglyphs', text: '𓂋𓏺𓈖 𓆎𓅓𓏏𓊖' },
  { what: 'Deseret', text: '𐐔𐐯𐑅𐐨𐑉𐐯𐐻' },
  { what: 'Osage', text: '𐓏𐓘𐓻𐓘𐓻𐓟' },
];
