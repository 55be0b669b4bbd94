//! Message numbers and what they carry, in tables from which both dialects read and write.

/// The request id of messages that we have no table for, so that they can be refused: the number, and
/// the index of the id among the text fields. In protobuf it is always the field with tag 1.
///
/// 18 and 24 (advisor configuration, scanner parameters), 65, 66, 72, 73 (verification) and 80 (family
/// codes) have none.
const IDS_OF_UNKNOWN: [(u32, usize); 21] = [
    (19, 4),  // replaceFA
    (21, 2),  // exerciseOptions
    (22, 1),  // reqScannerSubscription
    (23, 2),  // cancelScannerSubscription
    (52, 2),  // reqFundamentalData
    (53, 2),  // cancelFundamentalData
    (54, 2),  // calculateImpliedVolatility
    (55, 2),  // calculateOptionPrice
    (56, 2),  // cancelCalculateImpliedVolatility
    (57, 2),  // cancelCalculateOptionPrice
    (67, 2),  // queryDisplayGroups
    (68, 2),  // subscribeToGroupEvents
    (69, 2),  // updateDisplayGroup
    (70, 2),  // unsubscribeFromGroupEvents
    (79, 1),  // reqSoftDollarTiers
    (100, 1), // reqWshMetaData
    (101, 1), // cancelWshMetaData
    (102, 1), // reqWshEventData
    (103, 1), // cancelWshEventData
    (106, 1), // cancelContractData, from 215 on
    (107, 1), // cancelHistoricalTicks, from 215 on
];

/// Where the request id of an unknown request stands among its text fields.
pub(super) fn id_of_unknown(number: u32) -> Option<usize> {
    IDS_OF_UNKNOWN.iter().find(|(known, _)| *known == number).map(|(_, index)| *index)
}

/// An enum of messages by number. A line with a body is `number Variant(Type.id) = table;`, with the
/// field that says which request or order it is about, if there is one. A line without one says
/// which constant its text has behind the number.
macro_rules! numbered {
    (
        $(#[doc = $doc:literal])* $enum:ident;
        $($(#[doc = $note:literal])* $number:literal $variant:ident($body:ty $(, $id:ident)?) = $table:path;)*
        without body:
        $($(#[doc = $bare_note:literal])* $bare_number:literal $bare:ident [$($constant:literal)?];)*
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub enum $enum {
            $(
                #[doc = concat!(stringify!($number), ":")]
                $(#[doc = $note])*
                $variant($body),
            )*
            $(
                #[doc = concat!(stringify!($bare_number), ":")]
                $(#[doc = $bare_note])*
                $bare,
            )*
            /// A number that is not listed.
            Unknown {
                /// The number, the same in both dialects.
                number: u32,
                /// The request id, where such a message is known to have one.
                req_id: Option<i32>,
            },
        }

        impl $enum {
            /// The message number, the same in both dialects.
            #[must_use]
            pub const fn number(&self) -> u32 {
                match self {
                    $(Self::$variant(_) => $number,)*
                    $(Self::$bare => $bare_number,)*
                    Self::Unknown { number, .. } => *number,
                }
            }

            /// Its name.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => stringify!($variant),)*
                    $(Self::$bare => stringify!($bare),)*
                    Self::Unknown { .. } => "Unknown",
                }
            }

            /// The request or order that it is about, if it says so.
            #[must_use]
            pub fn id(&self) -> Option<i32> {
                match self {
                    $($(Self::$variant(body) => body.$id,)?)*
                    Self::Unknown { req_id, .. } => *req_id,
                    _ => None,
                }
            }

            /// Reads the body of a frame.
            ///
            /// # Errors
            ///
            /// A body that is none of the dialect's, or not of its message; a number that is not
            /// listed is no error.
            pub fn decode(dialect: Dialect, body: &[u8]) -> Result<Self, Malformed> {
                let unreadable = |problem| Malformed { message: "message", number: None, id: None, problem };
                match dialect {
                    Dialect::Text => Fields::open(body).map_err(unreadable).and_then(Self::from_text),
                    Dialect::Protobuf => {
                        protobuf::open(body).map_err(unreadable).and_then(Self::from_protobuf)
                    }
                }
            }

            fn from_text((number, mut fields): (u32, Fields)) -> Result<Self, Malformed> {
                let t = &mut fields;
                match number {
                    $($number => {
                        let mut body = <$body>::default();
                        match $table(t, &mut body).and_then(|()| t.end()) {
                            Ok(()) => Ok(Self::$variant(body)),
                            Err(problem) => Err(Self::$variant(body).malformed(problem)),
                        }
                    })*
                    $($bare_number => {
                        let done = Ok(()) $(.and_then(|()| t.constant("version", $constant)))?;
                        match done.and_then(|()| t.end()) {
                            Ok(()) => Ok(Self::$bare),
                            Err(problem) => Err(Self::$bare.malformed(problem)),
                        }
                    })*
                    number => {
                        let req_id = id_of_unknown(number).and_then(|index| fields.number_at(index));
                        Ok(Self::Unknown { number, req_id })
                    }
                }
            }

            fn from_protobuf((number, payload): (u32, &[u8])) -> Result<Self, Malformed> {
                match number {
                    $($number => {
                        let mut body = <$body>::default();
                        match Payload::merge(&mut body, payload) {
                            Ok(()) => Ok(Self::$variant(body)),
                            Err(problem) => Err(Self::$variant(body).malformed(problem)),
                        }
                    })*
                    // What a newer client adds is skipped.
                    $($bare_number => match Payload::merge(&mut (), payload) {
                        Ok(()) => Ok(Self::$bare),
                        Err(problem) => Err(Self::$bare.malformed(problem)),
                    },)*
                    number => {
                        let req_id = id_of_unknown(number).and_then(|_| protobuf::first_number(payload));
                        Ok(Self::Unknown { number, req_id })
                    }
                }
            }

            fn malformed(&self, problem: Problem) -> Malformed {
                Malformed { message: self.name(), number: Some(self.number()), id: self.id(), problem }
            }

            /// Appends it as a whole frame.
            pub fn encode(&self, dialect: Dialect, out: &mut Vec<u8>) {
                match dialect {
                    Dialect::Text => frame::write(out, |out| {
                        self.clone().into_text(&mut Fields::write(out, self.number()))
                            .expect("only reading finds anything wrong");
                    }),
                    Dialect::Protobuf => self.to_protobuf(out),
                }
            }

            fn into_text(mut self, t: &mut Fields) -> Done {
                match &mut self {
                    $(Self::$variant(body) => $table(t, body),)*
                    $(Self::$bare => Ok(()) $(.and_then(|()| t.constant("version", $constant)))?,)*
                    Self::Unknown { number, req_id } => {
                        let Some(index) = id_of_unknown(*number) else { return Ok(()) };
                        (1..index).try_for_each(|_| t.constant("unknown", ""))?;
                        t.value("req_id", req_id)
                    }
                }
            }

            fn to_protobuf(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant(body) => body.put($number, out),)*
                    $(Self::$bare => ().put($bare_number, out),)*
                    Self::Unknown { number, req_id } => RequestId { req_id: *req_id }.put(*number, out),
                }
            }
        }

        #[cfg(test)]
        impl $enum {
            /// One of each, empty.
            pub(in crate::gateway::wire) fn each() -> Vec<Self> {
                vec![$(Self::$variant(<$body>::default()),)* $(Self::$bare,)*]
            }

            /// Fills its body with whatever the dice say.
            pub(in crate::gateway::wire) fn fill(&mut self, dice: &mut super::tests::dice::Dice) {
                match self {
                    $(Self::$variant(body) => super::tests::dice::Fill::fill(body, dice),)*
                    _ => {}
                }
            }
        }
    };
}
pub(super) use numbered;
