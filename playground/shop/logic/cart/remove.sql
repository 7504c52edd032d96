delete from cart_items where user_id = :auth.sub and product_id = :productId
