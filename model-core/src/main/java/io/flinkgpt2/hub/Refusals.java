package io.flinkgpt2.hub;

import static io.flinkgpt2.hub.ModelHubException.quoted;

/** Explanations of a hub's answers that are not what was asked for. */
final class Refusals {

    private static final String HOW_TO_GIVE =
            "set " + HubSettings.TOKEN_VARIABLE + " or " + HubSettings.SHARED_TOKEN_VARIABLE + ", or give --token-file";

    private Refusals() {}

    static ModelHubException of(HubAnswer answer, HubName name, HubClient client, HubSettings settings) {
        String code = answer.header("x-error-code");
        String status = "status " + answer.status() + (code.isEmpty() ? "" : " (" + quoted(code) + ")");
        return switch (answer.status()) {
            case HubAnswer.NOT_FOUND -> notFound(answer, code, name, settings);
            case HubAnswer.UNAUTHORIZED, HubAnswer.FORBIDDEN -> closed(answer, status, name, client, settings);
            default ->
                new ModelHubException(
                        answer.subject(),
                        status + " from " + HubClient.withoutQuery(answer.uri()),
                        "status 200",
                        "check the address of the hub");
        };
    }

    private static ModelHubException notFound(HubAnswer answer, String code, HubName name, HubSettings settings) {
        if (code.equals("RevisionNotFound")) {
            return new ModelHubException(
                    answer.subject(),
                    "no revision " + quoted(name.revision()) + " of model " + name.repository() + " at "
                            + settings.baseAddress(),
                    "a branch, a tag or a commit",
                    "check the part after @");
        }
        return new ModelHubException(
                answer.subject(),
                "no model " + name + " at " + settings.baseAddress() + " (status 404)",
                "one of " + HubName.published() + ", or owner/name[@revision] that the hub has",
                "check name, revision and hub");
    }

    /**
     * Returns the failure of a model that needs a token. The public hub answers 401 for models that it does not have, too, so
     * that nobody learns of private ones.
     */
    private static ModelHubException closed(
            HubAnswer answer, String status, HubName name, HubClient client, HubSettings settings) {
        String where = status + " for model " + name + " at " + settings.baseAddress();
        if (client.sendsToken()) {
            return new ModelHubException(
                    answer.subject(),
                    where + " although a token was sent",
                    "a token with access to the model",
                    "check that the model exists, that the token is valid and may read it, and that its owner's terms"
                            + " have been accepted on the model's page");
        }
        return new ModelHubException(
                answer.subject(),
                where + ", and "
                        + (settings.token().isPresent()
                                ? "the token is not sent over plain HTTP"
                                : "no token was given"),
                "access",
                "check the name; if the model is private or gated, a token is needed: " + HOW_TO_GIVE);
    }
}
