//! The alphabets of text messages, which say how long a text may be: 3GPP TS 23.038, section 6.2.
//!
//! A message is 140 bytes: 160 characters of the default alphabet at seven bits, or 70 of UCS-2. One
//! character that the default alphabet does not have makes the whole message UCS-2.

/// The default alphabet, without its escape.
const BASIC: &str = "@\u{a3}$\u{a5}\u{e8}\u{e9}\u{f9}\u{ec}\u{f2}\u{c7}\n\u{d8}\u{f8}\r\u{c5}\u{e5}\u{394}_\u{3a6}\u{393}\u{39b}\u{3a9}\u{3a0}\u{3a8}\u{3a3}\u{398}\u{39e}\u{c6}\u{e6}\u{df}\u{c9} !\"#\u{a4}%&'()*+,-./0123456789:;<=>?\u{a1}ABCDEFGHIJKLMNOPQRSTUVWXYZ\u{c4}\u{d6}\u{d1}\u{dc}\u{a7}\u{bf}abcdefghijklmnopqrstuvwxyz\u{e4}\u{f6}\u{f1}\u{fc}\u{e0}";

/// Its extension: an escape and a character.
const EXTENSION: &str = "\u{c}^{}\\[~]|\u{20ac}";

/// What a text on a channel is written with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// Any character, each as long as any other.
    #[default]
    Any,
    /// That of text messages.
    Gsm,
}

/// The words for alphabets.
pub(super) const ALPHABETS: [(&str, Alphabet); 2] =
    [("any", Alphabet::Any), ("gsm", Alphabet::Gsm)];

/// How long a text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Length {
    pub(super) characters: usize,
    septets: usize,
    ucs2_units: usize,
    /// The first character that the default alphabet does not have.
    foreign: Option<char>,
}

impl Length {
    pub(super) fn add(&mut self, text: &str) {
        for character in text.chars() {
            self.characters += 1;
            self.ucs2_units += character.len_utf16();
            self.septets += if EXTENSION.contains(character) { 2 } else { 1 };
            if !BASIC.contains(character) && !EXTENSION.contains(character) {
                self.foreign = self.foreign.or(Some(character));
            }
        }
    }

    /// Adds so many characters of a value: digits, signs, letters.
    pub(super) fn add_value(&mut self, characters: usize) {
        self.characters += characters;
        self.septets += characters;
        self.ucs2_units += characters;
    }

    /// How long it is on a channel that carries `most`, how long it may be, and which character makes
    /// that less than `most`.
    pub(super) fn against(&self, most: usize, alphabet: Alphabet) -> (usize, usize, Option<char>) {
        match (alphabet, self.foreign) {
            (Alphabet::Any, _) => (self.characters, most, None),
            (Alphabet::Gsm, None) => (self.septets, most, None),
            // Sixteen bits instead of seven.
            (Alphabet::Gsm, foreign) => (self.ucs2_units, most * 7 / 16, foreign),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn against(text: &str, alphabet: Alphabet) -> (usize, usize, Option<char>) {
        let mut length = Length::default();
        length.add(text);
        length.against(160, alphabet)
    }

    #[test]
    fn one_character_makes_a_message_of_seventy() {
        assert_eq!(BASIC.chars().count() + 1, 128);
        for (text, expected) in [
            ("Reply YES.", (10, 160, None)),
            ("ma\u{f1}ana \u{bf}s\u{e9}?", (11, 160, None)),
            ("[5 \u{20ac}]", (8, 160, None)),
            ("s\u{ed}", (2, 70, Some('\u{ed}'))),
            ("\u{e7}a", (2, 70, Some('\u{e7}'))),
            ("5 \u{1f600}", (4, 70, Some('\u{1f600}'))),
        ] {
            assert_eq!(against(text, Alphabet::Gsm), expected, "{text}");
            assert_eq!(against(text, Alphabet::Any), (text.chars().count(), 160, None));
        }
    }
}
