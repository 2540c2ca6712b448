//! What a code is: how bad, and the page that explains it. The codes are in `codes.rs`.

use std::fmt;

use super::codes::Code;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The policy does not compile.
    Error,
    /// The policy compiles, but does something that nobody can have meant.
    Warning,
}

impl Severity {
    /// The word that diagnostics print.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// Text that has the mistake of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Example {
    /// A piece of a policy.
    Policy(&'static str),
    /// Lines of `policy.ids`.
    Ids(&'static str),
    /// Whole files, as bytes.
    Files(&'static [&'static [u8]]),
}

impl fmt::Display for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = |f: &mut fmt::Formatter<'_>, text: &str| {
            text.trim().lines().try_for_each(|line| writeln!(f, "    {line}"))
        };
        match self {
            Example::Policy(text) => lines(f, text),
            Example::Ids(text) => writeln!(f, "  in policy.ids:").and_then(|()| lines(f, text)),
            Example::Files([]) => writeln!(f, "  no file at all"),
            Example::Files(files) => {
                files.iter().try_for_each(|bytes| writeln!(f, "    {}", bytes.escape_ascii()))
            }
        }
    }
}

/// What `opportune explain-code` prints of a code.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Page {
    /// The code it explains.
    pub code: Code,
    /// What is wrong, in a line.
    pub title: &'static str,
    /// Why that is wrong.
    pub why: &'static str,
    /// Text that triggers it.
    pub example: Example,
    /// What to do.
    pub mend: &'static str,
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (code, severity) = (self.code, self.code.severity().word());
        writeln!(f, "{severity}[{code}]: {}\n\n{}\n", self.title.trim(), self.why)?;
        write!(f, "This has the mistake:\n\n{}\n{}", self.example, self.mend)
    }
}

/// Makes `Code` of the table in `codes.rs`, so that no code is without its page.
macro_rules! codes {
    ($(
        #[doc = $title:literal]
        $name:ident = $text:literal, $severity:ident;
        why: $why:literal;
        example: $example:expr;
        mend: $mend:literal;
    )*) => {
        /// What kind of mistake a diagnostic is about. Stable: a code never changes its meaning,
        /// and the code of a mistake that is no longer possible is not used again.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// Every code, in numeric order.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The code as printed, such as `OPP0401`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Code::$name => $text,)*
                }
            }

            /// Whether what it is about keeps a policy from compiling.
            pub fn severity(self) -> Severity {
                match self {
                    $(Code::$name => Severity::$severity,)*
                }
            }

            /// What it means, an example, and how to mend it.
            pub fn page(self) -> Page {
                let (title, why, example, mend) = match self {
                    $(Code::$name => ($title, $why, $example, $mend),)*
                };
                Page { code: self, title, why, example, mend }
            }
        }
    };
}

pub(super) use codes;

impl Code {
    /// The code that is printed as this text; its number alone will do.
    pub fn from_text(text: &str) -> Option<Code> {
        let number =
            |code: &str| code.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().ok();
        let wanted: Option<u16> = text.parse().ok();
        Code::ALL.iter().copied().find(|code| {
            let code = code.as_str();
            code.eq_ignore_ascii_case(text) || wanted.is_some() && number(code) == wanted
        })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
