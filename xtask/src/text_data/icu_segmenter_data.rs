// What of Unicode's segmentation data a released program holds: everything but the dictionary by which a double click
// finds words in Chinese and Japanese. Compiled as the crate of the same name, whose own files it takes.

include!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/segmenter_break_grapheme_cluster_v1.rs.data"));
include!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/segmenter_break_line_v1.rs.data"));
include!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/segmenter_break_sentence_override_v1.rs.data"));
include!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/segmenter_break_sentence_v1.rs.data"));
include!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/segmenter_break_word_override_v1.rs.data"));
include!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/segmenter_break_word_v1.rs.data"));
include!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/segmenter_dictionary_extended_v2.rs.data"));

/// Says that a type answers with data; the other macros look for the constant.
#[macro_export]
macro_rules! make_provider {
    ($provider:ty) => {
        impl $provider {
            #[allow(dead_code)]
            pub(crate) const MUST_USE_MAKE_PROVIDER_MACRO: () = ();
        }
        icu_provider::marker::impl_data_provider_never_marker!($provider);
    };
}

/// The dictionary that is left out. A segmenter that asks for it goes by the rules of Unicode alone.
#[macro_export]
macro_rules! impl_segmenter_dictionary_auto_v2 {
    ($provider:ty) => {
        impl icu_provider::DataProvider<icu::segmenter::provider::SegmenterDictionaryAutoV2> for $provider {
            fn load(
                &self,
                request: icu_provider::DataRequest,
            ) -> Result<
                icu_provider::DataResponse<icu::segmenter::provider::SegmenterDictionaryAutoV2>,
                icu_provider::DataError,
            > {
                let marker = <icu::segmenter::provider::SegmenterDictionaryAutoV2 as icu_provider::DataMarker>::INFO;
                Err(icu_provider::DataErrorKind::IdentifierNotFound.with_req(marker, request))
            }
        }
    };
}
